/** A scanner for secrets in text: known shapes first, then values that look random beside a telling name. */

export interface Suspect {
  readonly line: number;
  readonly shape: string;
}

interface Shape {
  readonly name: string;
  readonly pattern: RegExp;
}

const shapes: readonly Shape[] = [
  { name: 'private key', pattern: /-----BEGIN (?:[A-Z ]+ )?PRIVATE KEY-----/ },
  { name: 'AWS access key', pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/ },
  {
    name: 'GitHub token',
    pattern: /\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{50,})\b/,
  },
  { name: 'Slack token', pattern: /\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{10,}/ },
  {
    name: 'Slack webhook',
    pattern: /hooks\.slack\.com\/services\/T[A-Z0-9]+\/B[A-Z0-9]+\/[A-Za-z0-9]{16,}/,
  },
  {
    name: 'JSON Web Token',
    pattern: /\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}/,
  },
  { name: 'age key', pattern: /\bAGE-SECRET-KEY-1[0-9A-Z]{50,}/ },
  { name: '1Password service account', pattern: /\bops_eyJ[A-Za-z0-9+/=_-]{20,}/ },
  {
    name: 'URL with a password',
    pattern: /[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:(?!\$\{)[^\s/:@]{6,}@/i,
  },
];

const telling =
  /(?:password|passwd|secret|token|api[-_]?key|private[-_]?key|access[-_]?key|credential|hmac)s?["']?\s*[:=]\s*["']?([^\s"'#,}]+)/i;

const reference = /^(?:op:\/\/|\$\{|\$\(|\{\{|<)/;

// bits per character: English words stay below 3.5, base64 and hex of chance lie above
const entropy = (text: string): number => {
  const counts = new Map<string, number>();
  for (const letter of text) {
    counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  return [...counts.values()].reduce((sum, count) => {
    const share = count / text.length;
    return sum - share * Math.log2(share);
  }, 0);
};

const looksRandom = (value: string): boolean =>
  value.length >= 16 &&
  !reference.test(value) &&
  /\d/.test(value) &&
  /[A-Za-z]/.test(value) &&
  entropy(value) >= 3.5 &&
  // names of objects and fields are words with dashes
  !/^[a-z0-9]+(?:[-./][a-z0-9]+)+$/.test(value);

/** Finds what must not be in Git; a line is reported once, by its first shape. */
export const scanForSecrets = (text: string): readonly Suspect[] =>
  text.split('\n').flatMap((line, index): readonly Suspect[] => {
    const known = shapes.find(({ pattern }) => pattern.test(line));
    if (known !== undefined) {
      return [{ line: index + 1, shape: known.name }];
    }
    const value = telling.exec(line)?.[1] ?? '';
    return looksRandom(value)
      ? [{ line: index + 1, shape: 'random value beside a telling name' }]
      : [];
  });

// put together from parts, so that this file itself holds nothing of these shapes
const part = (...parts: readonly string[]): string => parts.join('');

/** One planted secret of each shape; a scanner that misses one of them proves nothing. */
export const canaries: readonly string[] = [
  part('-----BEGIN EC PRIV', 'ATE KEY-----'),
  part('aws: AKIA', 'IOSFODNN7EXAMPLE'),
  part('gh', 'p_', 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'),
  part('xox', 'b-123456789012-abcdefABCDEF'),
  part('https://hooks.slack', '.com/services/T0001/B0001/abcdEFGHijklMNOP'),
  part('ey', 'JhbGciOiJIUzI1NiJ9.ey', 'JzdWIiOiIxMjM0NSJ9.dozjgNryP4J3jVmNHl0w5N'),
  part('AGE-SECRET', '-KEY-1', 'QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ'),
  part('ops', '_eyJzaWduSW5BZGRyZXNzIjoibXkuMXBh'),
  part('postgres://harbor:', 'hunter2hunter2', '@db:5432/x'),
  part('password: "', 'k3Jd92mXq7Lp0aZtR5vB', '"'),
  part('apiKey=', '9f86d081884c7d659a2feaa0c55ad015'),
];
