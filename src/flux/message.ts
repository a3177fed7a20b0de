/** Parts of Flux's messages that differ at each attempt though they say the same, and their stand-ins. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\/tmp\/kustomization-\d+/g, '/tmp/kustomization-<n>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\bsha(?:1|256|384|512):[0-9a-f]{7,128}\b/g, '<digest>'],
  [/\b(?:[0-9a-f]{64}|[0-9a-f]{40})\b/g, '<digest>'],
  // a local port is another one with each connection
  [/\b(\d{1,3}(?:\.\d{1,3}){3}):\d{1,5}->/g, '$1:<port>->'],
  [/\b0x[0-9a-f]{6,16}\b/g, '<address>'],
  // as Go prints them: 1h2m3.5s, 413.169625ms; bounded, or a long run is read from each of its dots
  [/\b(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h)){1,8}(?![A-Za-z0-9])/g, '<duration>'],
];

/**
 * The message without what differs at each attempt (durations, times, temporary folders, digests), so
 * that two messages that say the same are equal. Gives the same again when given its own answer.
 */
export const normaliseMessage = (message: string): string =>
  masks.reduce((text, [part, standIn]) => text.replace(part, standIn), message).trim();
