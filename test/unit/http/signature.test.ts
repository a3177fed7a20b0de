import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { findSigningKey, type WebhookKey } from '#src/http/signature.ts';
import { readRecording, recordingKey, recordingNames } from '#test/fixtures/recordings.ts';

const keys: readonly WebhookKey[] = ['infra', 'apps'].map((cluster) => ({
  id: cluster,
  secret: recordingKey(cluster),
  cluster,
}));

describe('the signature of a webhook', () => {
  // the vector of notification-controller's own test
  it('is the one that Flux makes', () => {
    const body =
      '{"involvedObject":{"kind":"GitRepository","namespace":"gitops-system","name":"webapp"},"severity":"info","timestamp":"2022-09-30T06:40:29Z","message":"message","reason":"reason","metadata":{"test":"metadata"},"reportingController":"source-controller","reportingInstance":"source-controller-xyz"}';
    const key = { id: 'flux', secret: '7152fed34dd6149a7c75a276c510da27cb6f82b0', cluster: 'a' };
    const header = 'sha256=65b018549b1254e7226d1c08f9567ee45bc9de0fc4e7b1a40253f9a018b08be7';
    expect(findSigningKey(Buffer.from(body), header, [key])).toBe(key);
    expect(findSigningKey(Buffer.from(`${body} `), header, [key])).toBeUndefined();
  });

  it('of every recorded webhook names the key of its cluster', () => {
    const webhooks = recordingNames().flatMap((name) => readRecording(name).webhooks);
    expect(webhooks.length).toBeGreaterThan(100);
    for (const webhook of webhooks) {
      const found = findSigningKey(Buffer.from(webhook.body), webhook.headers['x-signature'], keys);
      expect(found?.cluster).toBe(webhook.cluster);
    }
  });

  const body = Buffer.from('{}');
  const digestOf = (secret: string) => createHmac('sha256', secret).update(body).digest('hex');
  const key = (id: string, secret = 'secret'): WebhookKey => ({ id, secret, cluster: 'apps' });
  const signed = `sha256=${digestOf('secret')}`;

  it('is taken in capitals, too', () => {
    const header = `sha256=${digestOf('secret').toUpperCase()}`;
    expect(findSigningKey(body, header, [key('one')])?.id).toBe('one');
  });

  it.each([
    ['something before it', `x${signed}`],
    ['something after it', `${signed}0`],
    ['another digest after it', `${signed},${signed}`],
    ['a line end after it', `${signed}\n`],
    ['another algorithm', signed.replace('sha256', 'sha512')],
    ['no algorithm', digestOf('secret')],
  ])('is none with %s', (_, header) => {
    expect(findSigningKey(body, header, [key('one')])).toBeUndefined();
  });

  it('is none where there are two of them, or none at all', () => {
    expect(findSigningKey(body, [signed], [key('one')])).toBeUndefined();
    expect(findSigningKey(body, undefined, [key('one')])).toBeUndefined();
  });

  it('names the first of the keys that made it', () => {
    const keys = [key('other', 'other'), key('first'), key('second')];
    expect(findSigningKey(body, signed, keys)?.id).toBe('first');
  });
});
