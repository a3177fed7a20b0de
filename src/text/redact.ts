import { looksRandom } from '#src/text/entropy.ts';

/** Stands where a secret was. */
export const redacted = '[redacted]';

/** Tokens that are known by their shape, wherever they stand. */
const tokens: readonly RegExp[] = [
  /gh[pousr]_[A-Za-z0-9]{6,}/g,
  /github_pat_\w{6,}/g,
  /gl(?:pat|ptt|dt|rt|cbt|imt|ft|soat|agent)-[\w-]{6,}/g,
  /xox[a-z](?:\.xox[a-z])?-[\w-]{6,}/g,
  /xapp-[\w-]{6,}/g,
  /\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{12,}/g,
  /eyJ[\w-]{5,2000}\.[\w-]{5,}(?:\.[\w-]*)?/g,
  /\b(?:npm|dop_v1|pypi|hf|ops|sk_live|rk_live|sk_test|whsec)_[\w-]{16,}/g,
  /\bsk-[\w-]{16,}/g,
  /\bAIza[\w-]{30,}/g,
  /\bhv[sbr]\.[\w-]{16,}/g,
  /AGE-SECRET-KEY-1[A-Z0-9]{10,}/g,
  /ENC\[[^\]\n]{0,4000}\]/g,
];

const hookPath = /(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/-]+/g;
// a block that was cut off is hidden to the end
const pemBlock = /-----BEGIN [A-Z0-9 ]{1,64}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,64}-----|$)/g;
const urlPassword = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@:'"]{0,256}:[^\s/@'"]{1,1024}@/gi;
const authorization =
  /\b(authorization["']?\s?[:=]\s?["']?(?:bearer|basic|token)?)\s?[^\s"',;]{1,4000}/gi;
const bearer = /\b(bearer|basic)\s+(?=[A-Za-z._~+/-]{0,200}\d)[\w.~+/-]{12,}={0,2}/gi;

// server-side apply prints the value that has the wrong type, of a Secret's stringData as well
const wrongType = /(, got )&value\.valueUnstructured\{[^\n]*/g;
// the JSON decoder prints what stands around the mistake
const decoderContext = /(\bbyte of )\.\.\.\|[^\n]*/g;
// `path: Invalid value: "…"`, or an object, or a bare word
const invalidValue =
  /(\S{1,512}: Invalid value: )("(?:[^"\\\n]|\\.){0,4000}"|[^\n]{1,4000}?(?=: |$))/gm;

const secretWords =
  /pass(?:word|wd|phrase|code)?$|pwd$|secret(?:key|token|accesskey|value)?$|token(?:s|value)?$|(?:api|access|private|signing|encryption|account|auth|master|shared|license)key$|credentials?$|^(?:basic|http|proxy)?auth$|cookie$|salt$|dsn$|connectionstring$|webhookurl$|^key$/;

/** Whether a key's name says that its value is a secret; the name of a Secret is none. */
const isSecretKey = (key: string): boolean => {
  const last = key.split('.').findLast((part) => part !== '') ?? '';
  return secretWords.test(last.toLowerCase().replaceAll(/[^a-z]/g, ''));
};

// starts only where a word starts, so a long word is looked at once
const keyAndValue =
  /(?<![\w.-])([\w.-]{2,256})((?:\\?["'])?\s{0,2}[:=]\s{0,2})(\\"[^"\n]{0,4000}?\\"|"(?:[^"\\\n]|\\.){0,4000}"|'[^'\n]{0,4000}'|(?:\[redacted\]|[^\s,;{}()[\]'"])+)/g;

// what stands after a path in an error of the API server, and no value
const verdictWord =
  /^(?:expected|Invalid|Required|Forbidden|Unsupported|Duplicate|Too|Not|Internal|Unauthorized)$/;
const passwordKey = /pass(?:word|wd|phrase)|pwd/i;

// in prose: "external-secret: add the staging one", "cannot use token: not found"
const isProse = (key: string, between: string, value: string): boolean =>
  between === ': ' &&
  (verdictWord.test(value) || (!passwordKey.test(key) && /^[A-Za-z]?[a-z]+[:.]?$/.test(value)));

const quoted = /^(\\?["'])[\s\S]*\1$/;

const hideValue = (whole: string, key: string, between: string, value: string): string => {
  if (!isSecretKey(key) || isProse(key, between, value)) {
    return whole;
  }
  const quote = quoted.exec(value)?.[1] ?? '';
  return `${key}${between}${quote}${redacted}${quote}`;
};

const aboutSecret = /(?:^|[\s:])Secret(?:\/\S|\s"|\.)|, Kind=Secret\b|stringData/;

const hideInvalid = (line: string): string => {
  if (!line.includes('Invalid value: ')) {
    return line; // looking for the path in a long line takes its time
  }
  return line.replace(invalidValue, (whole, path: string, value: string) => {
    const words = path.split(/[^\w-]+/).filter((word) => word !== '');
    const secret = aboutSecret.test(line) || words.some(isSecretKey);
    return secret && value !== redacted ? `${path}${redacted}` : whole;
  });
};

const randomWords = /[A-Za-z0-9+_-]{20,}={0,2}/g;

const pass = (text: string): string => {
  const shaped = tokens.reduce((left, token) => left.replace(token, redacted), text);
  return shaped
    .replace(pemBlock, redacted)
    .replace(hookPath, `$1${redacted}`)
    .replace(urlPassword, `$1${redacted}@`)
    .replace(authorization, `$1 ${redacted}`)
    .replace(bearer, `$1 ${redacted}`)
    .replace(wrongType, `$1${redacted}`)
    .replace(decoderContext, `$1${redacted}`)
    .split('\n')
    .map(hideInvalid)
    .join('\n')
    .replace(keyAndValue, hideValue)
    .replace(randomWords, (word) => (looksRandom(word) ? redacted : word));
};

/**
 * The text with every secret that can be told as one replaced by `[redacted]`: known token shapes, PEM
 * blocks, passwords in URLs, values under secret-like keys, values that the API server quotes, and long
 * random words. Revisions, digests, object names and uids stay.
 * Total, and gives the same again when given its own answer.
 */
export const redact = (text: string): string => {
  let before = text;
  // one rule may uncover what another hides; a few rounds always settle it
  for (let round = 0; round < 8; round++) {
    const after = pass(before);
    if (after === before) {
      return after;
    }
    before = after;
  }
  return before;
};

const maxCharacters = 40_000;
const longestWord = 4_000;

/** Where the text ends that is kept: before the word that the limit falls into. */
const keptEnd = (text: string): number => {
  let end = maxCharacters;
  while (end > maxCharacters - longestWord && /\S/.test(text.charAt(end - 1))) {
    end -= 1;
  }
  return end;
};

/** Redacted, and cut to what is worth keeping (40,000 characters; Flux's own limit is 39,000). */
export const redactForeign = (text: string): string => {
  if (text.length <= maxCharacters) {
    return redact(text);
  }
  // a word that the cut falls into goes whole: half a token could not be told as one
  return `${redact(text.slice(0, keptEnd(text)))}…`;
};
