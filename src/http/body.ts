import type { IncomingMessage } from 'node:http';

export type BodyProblem = 'too-large' | 'busy' | 'too-slow' | 'hung-up';

/** A whole body, and a way to say that it is no longer held. */
export type ReadBody =
  | { readonly ok: true; readonly bytes: Buffer; release(): void }
  | { readonly ok: false; readonly problem: BodyProblem };

export interface BodyLimits {
  /** Bytes of one body. */
  readonly maxBytes: number;
  /** Bytes of all bodies that are being read or handled. */
  readonly maxBytesInFlight: number;
  readonly timeoutMs: number;
}

/** Reads bodies within limits of size, time and memory; one per server. */
export const createBodyReader = ({ maxBytes, maxBytesInFlight, timeoutMs }: BodyLimits) => {
  let inFlight = 0;

  const read = (request: IncomingMessage): Promise<ReadBody> =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const release = (): void => {
        inFlight -= size;
        size = 0;
      };
      const timer = setTimeout(() => fail('too-slow'), timeoutMs);
      const stop = (): void => {
        clearTimeout(timer);
        request.off('data', onData).off('end', onEnd).off('close', onClose);
      };
      const fail = (problem: BodyProblem): void => {
        stop();
        release();
        resolve({ ok: false, problem });
      };
      const onData = (chunk: Buffer): void => {
        if (size + chunk.length > maxBytes) {
          fail('too-large');
        } else if (inFlight + chunk.length > maxBytesInFlight) {
          fail('busy');
        } else {
          size += chunk.length;
          inFlight += chunk.length;
          chunks.push(chunk);
        }
      };
      const onEnd = (): void => {
        stop();
        resolve({ ok: true, bytes: Buffer.concat(chunks), release });
      };
      const onClose = (): void => fail('hung-up');
      request.on('error', () => undefined); // a hang-up; `close` follows
      if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
        fail('too-large');
      } else {
        request.on('data', onData).on('end', onEnd).on('close', onClose);
      }
    });

  return { read, inFlight: (): number => inFlight };
};
