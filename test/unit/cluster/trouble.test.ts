import { describe, expect, it } from 'vitest';
import {
  type Asked,
  describeTrouble,
  failureFrom,
  troubleFromAnswer,
  troubleFromError,
  troubleFromStatus,
} from '#src/cluster/trouble.ts';

const asked = (writes: boolean): Asked => ({
  verb: writes ? 'patch' : 'get',
  group: 'kustomize.toolkit.fluxcd.io',
  resource: 'kustomizations',
  namespace: 'media',
  writes,
  kind: 'Kustomization',
});

const status = (code: number, reason: string, message: string): string =>
  JSON.stringify({ kind: 'Status', code, reason, message });

const failure = (code: number, body: string, writes = true) =>
  failureFrom(troubleFromAnswer(code, body, undefined), asked(writes));

describe('what an answer of the API server means', () => {
  it('tells a missing object from a kind that is not served', () => {
    const object = 'kustomizations.kustomize.toolkit.fluxcd.io "app" not found';
    expect(failure(404, status(404, 'NotFound', object))).toEqual({ code: 'not-found' });
    const kind = { code: 'not-served', kind: 'Kustomization' };
    expect(failure(404, '404 page not found\n')).toEqual(kind);
    const resource = 'the server could not find the requested resource';
    expect(failure(404, status(404, 'NotFound', resource))).toEqual(kind);
  });

  it('names the right that is missing, and what an admission policy says', () => {
    const right = 'patch kustomizations.kustomize.toolkit.fluxcd.io in namespace media';
    expect(failure(403, status(403, 'Forbidden', 'cannot patch'))).toEqual({
      code: 'forbidden',
      right,
    });
    const denied =
      "ValidatingAdmissionPolicy 'flux-chatops-fence' with binding 'flux-chatops-fence' denied request: this object is protected, it can only be reconciled";
    expect(failure(403, status(403, 'Forbidden', denied))).toEqual({
      code: 'forbidden',
      right: `${right} (this object is protected, it can only be reconciled)`,
    });
  });

  it('finds what an admission policy says behind the longest name', () => {
    const denied = `kustomizations.kustomize.toolkit.fluxcd.io "${'a'.repeat(253)}" is forbidden: ValidatingAdmissionPolicy 'flux-chatops-fence' with binding 'flux-chatops-fence' denied request: this object is protected`;
    expect(failure(403, status(403, 'Forbidden', denied))).toMatchObject({
      right: expect.stringContaining(' (this object is protected)'),
    });
  });

  it('shows no more than the start of a long answer', () => {
    const long = `${'a'.repeat(300)}b`;
    const start = 'a'.repeat(300);
    const busy = troubleFromAnswer(503, long, undefined);

    expect(failureFrom(busy, asked(true))).toMatchObject({ detail: `it answered 503: ${start}` });
    expect(describeTrouble(busy)).toBe(`it answered 503: ${start}`);
    expect(describeTrouble(troubleFromAnswer(503, ' ', undefined))).toBe('it answered 503');
    expect(failure(422, long)).toMatchObject({ what: `the API server refused it: ${start}` });
    expect(failure(403, `denied request: ${long}`)).toMatchObject({
      right: expect.stringMatching(/ \(a{300}\)$/),
    });
    expect(troubleFromError(new Error(long))).toMatchObject({ detail: start });
  });

  it.each([
    [500, 'no-reply', 'unreachable'],
    [504, 'no-reply', 'unreachable'],
    [503, 'unreachable', 'unreachable'],
    [429, 'unreachable', 'unreachable'],
  ])('on %i says %s of a write and %s of a read', (code, write, read) => {
    expect(failure(code, 'oops')).toMatchObject({ code: write });
    expect(failure(code, 'oops', false)).toMatchObject({ code: read });
  });

  it('keeps Retry-After in seconds, and no date', () => {
    expect(troubleFromAnswer(429, '', '7')).toMatchObject({ retryAfterMs: 7_000 });
    expect(troubleFromAnswer(429, '', 'Wed, 21 Oct 2026 07:28:00 GMT')).toMatchObject({
      retryAfterMs: undefined,
    });
  });

  it('reads the error inside a watch', () => {
    const object = JSON.parse(status(410, 'Expired', 'too old resource version: 1 (4922)'));
    expect(troubleFromStatus(object)).toMatchObject({ status: 410, reason: 'Expired' });
    expect(troubleFromStatus(null)).toMatchObject({ type: 'no-reply' });
  });
});

describe('what a connection throws', () => {
  const thrown = (code: string, message: string): Error =>
    Object.assign(new TypeError('fetch failed'), {
      cause: Object.assign(new Error(message), { code }),
    });

  it.each([
    ['ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'],
    ['ENOTFOUND', 'getaddrinfo ENOTFOUND infra.example.com'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
    ['UND_ERR_CONNECT_TIMEOUT', 'Connect Timeout Error'],
  ])('is %s when nothing was sent', (code, message) => {
    expect(troubleFromError(thrown(code, message))).toEqual({
      type: 'unreachable',
      detail: message,
    });
  });

  it('is without a reply when it may have been sent', () => {
    const error = thrown('UND_ERR_SOCKET', 'other side closed');
    expect(troubleFromError(error)).toEqual({ type: 'no-reply', detail: 'other side closed' });
    expect(failureFrom(troubleFromError(error), asked(true))).toMatchObject({ code: 'no-reply' });
  });

  it('finds the reason among the addresses of one host', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED ::1:6443'), {
      code: 'ECONNREFUSED',
    });
    const error = new TypeError('fetch failed', { cause: new AggregateError([refused], '') });
    expect(troubleFromError(error)).toEqual({ type: 'unreachable', detail: refused.message });
  });
});
