import { createServer } from 'node:net';

/*
 * Kernels take the ports of outgoing connections from 32768 (Linux) or 49152 (elsewhere) upwards. A server
 * that ends and comes back must not have its port there: in between, a connection of anybody could have
 * taken it, even one that tries to reach that very server.
 */
const lowest = 15_000;
const highest = 32_000;

/** Whether nobody listens on a port of 127.0.0.1, nor uses it otherwise. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** A port of 127.0.0.1 that is free now, and that no outgoing connection takes. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (await isFree(port)) {
      return port;
    }
  }
};
