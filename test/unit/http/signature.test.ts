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
});
