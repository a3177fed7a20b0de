import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { freePort } from '#test/net/free-port.ts';
import { createAccess, type SandboxUser } from '#test/sandbox/api/access.ts';
import { answer } from '#test/sandbox/api/answer.ts';
import type { ServerCertificates } from '#test/sandbox/api/certificates.ts';
import type { Served } from '#test/sandbox/api/exchange.ts';
import { type Asked, type FaultSwitches, hits } from '#test/sandbox/api/faults.ts';
import type { JsonRecord, KubeObject } from '#test/sandbox/api/json.ts';
import {
  builtInKinds,
  createKinds,
  definitionOf,
  fluxCustomKinds,
  type ResourceKind,
} from '#test/sandbox/api/kinds.ts';
import { createLists } from '#test/sandbox/api/list.ts';
import { createObjects } from '#test/sandbox/api/objects.ts';
import { createPolicies } from '#test/sandbox/api/policies.ts';
import { createShelf } from '#test/sandbox/api/shelf.ts';
import { status } from '#test/sandbox/api/status.ts';
import { createStorage } from '#test/sandbox/api/storage.ts';
import { createUsers } from '#test/sandbox/api/users.ts';
import { realClock, type SandboxClock } from '#test/sandbox/clock.ts';

export interface ApiServerOptions {
  /** Name of the cluster, as the kubeconfig calls it. */
  readonly name: string;
  /** Who may come, besides `admin` (system:masters). */
  readonly users?: readonly SandboxUser[];
  /** What is there from the start; stored as `objects.put` does. */
  readonly objects?: readonly KubeObject[];
  /** Custom kinds served besides those of Flux. */
  readonly kinds?: readonly ResourceKind[];
  readonly clock?: SandboxClock;
  /** A free one when left out. */
  readonly port?: number;
  /** Changes kept per kind for watches. */
  readonly historySize?: number;
  readonly firstVersion?: number;
  /** Speak TLS, and know people by certificate too; plain HTTP when left out. */
  readonly certificates?: ServerCertificates;
}

/** A request as it came, for tests that ask what was asked for. */
export interface RequestRecord {
  readonly atMs: number;
  readonly user: string;
  readonly verb: string;
  readonly path: string;
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly userAgent: string;
}

const requestsKept = 10_000;

const hangUp = (response: ServerResponse): void => {
  response.socket?.destroy();
};

/**
 * An in-memory Kubernetes API server over plain HTTP on 127.0.0.1, without controllers.
 * @returns once it listens; close it, or the process stays
 */
export const startApiServer = async (options: ApiServerOptions) => {
  const clock = options.clock ?? realClock;
  const kinds = createKinds([...builtInKinds, ...fluxCustomKinds, ...(options.kinds ?? [])]);
  const storage = createStorage({
    ...(options.historySize === undefined ? {} : { historySize: options.historySize }),
    ...(options.firstVersion === undefined ? {} : { firstVersion: options.firstVersion }),
  });
  const objects = createObjects(storage, kinds, clock);
  const shelf = createShelf(storage, kinds, clock);
  const lists = createLists(storage);

  const users = createUsers([
    { name: 'admin', groups: ['system:masters'] },
    ...(options.users ?? []),
  ]);
  const authorise = createAccess(storage, kinds, users.all);

  for (const kind of kinds.all().filter(({ custom }) => custom)) {
    shelf.put(definitionOf(kind));
  }
  for (const object of options.objects ?? []) {
    shelf.put(object);
  }

  let switches: FaultSwitches = {};
  const requests: RequestRecord[] = [];
  const sockets = new Set<Socket>();

  const served: Served = {
    name: options.name,
    kinds,
    storage,
    objects,
    lists,
    authorise,
    clock,
    admit: createPolicies(storage, kinds),
    silenced: (asked: Asked) => hits(switches.silence, asked),
    issueToken: users.issueToken,
  };

  const note = (request: IncomingMessage, asked: Asked & { name: string | undefined }): void => {
    requests.push({
      ...asked,
      atMs: clock.now(),
      path: request.url ?? '',
      userAgent: request.headers['user-agent'] ?? '',
    });
    requests.splice(0, requests.length - requestsKept);
  };

  const refuse = (response: ServerResponse, body: JsonRecord): void => {
    if (!response.headersSent) {
      response.writeHead(Number(body['code']), { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    }
  };

  const delayed = async (asked: Asked): Promise<void> => {
    const { slow, hold } = switches;
    if (slow !== undefined && hits(slow, asked)) {
      await new Promise((resolve) => setTimeout(resolve, slow.ms));
    }
    if (hold !== undefined && hits(hold, asked)) {
      await hold.until;
    }
  };

  const faulted = async (asked: Asked, response: ServerResponse): Promise<boolean> => {
    const { fail, forbid, disconnect, loseReply } = switches;
    await delayed(asked);
    if (hits(disconnect, asked)) {
      hangUp(response);
      return true;
    }
    if (hits(loseReply, asked)) {
      // whatever is written from now on never arrives
      response.socket?.cork();
      response.on('finish', () => hangUp(response));
      response.end = ((): ServerResponse => {
        hangUp(response);
        return response;
      }) as typeof response.end;
    }
    if (fail !== undefined && hits(fail, asked)) {
      refuse(response, { ...status(fail.status ?? 500, 'InternalError', 'told to fail') });
      return true;
    }
    if (hits(forbid, asked)) {
      const message = `${asked.resource} is forbidden: User "${asked.user}" cannot ${asked.verb} resource "${asked.resource}": told to forbid`;
      refuse(response, { ...status(403, 'Forbidden', message) });
      return true;
    }
    return false;
  };

  const hooks = { callerOf: users.callerOf, note, faulted, refuse };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    answer(served, request, response, hooks).catch((error: unknown) => {
      // a bug of the sandbox: said in the answer, so that the test that met it shows it
      refuse(response, { ...status(500, 'InternalError', `sandbox: ${String(error)}`) });
    });
  };
  const { certificates } = options;
  const server =
    certificates === undefined
      ? createServer(listener)
      : createTlsServer(
          {
            ca: certificates.authority,
            cert: certificates.server.certificate,
            key: certificates.server.key,
            // who brings no certificate may still bring a token
            requestCert: true,
            rejectUnauthorized: false,
          },
          listener,
        );
  server.keepAliveTimeout = 5_000;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });

  const listen = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve((server.address() as AddressInfo).port);
      });
    });
  const port = await listen(options.port ?? (await freePort()));
  const url = `${certificates === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;

  const cutAll = (): void => {
    for (const socket of sockets) {
      socket.destroy();
    }
  };
  const stopListening = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      cutAll();
    });

  return {
    name: options.name,
    url,
    port,
    clock,
    kinds,
    /** The rules of the API without HTTP, for controllers; refusals are thrown (`statusOf`). */
    api: objects,
    storage,
    /** Objects as they are wanted, past all rules: status included, uid and version kept. */
    objects: shelf,
    addUser: users.add,
    token: users.tokenOf,
    /** A kubeconfig, as YAML, of a known user. */
    kubeconfig: (user = 'admin'): string =>
      users.kubeconfig(user, { cluster: options.name, url, certificates }),
    requests: (): readonly RequestRecord[] => [...requests],
    faults: {
      /** Replaces all switches. */
      set: (next: FaultSwitches): void => {
        switches = next;
      },
      clear: (): void => {
        switches = {};
      },
      /** Ends every watch with 410 and forgets the past, as after a compaction. */
      expireWatches: (): void => {
        lists.expire();
        storage.expire();
      },
      /** Cuts every connection that is open; new ones are welcome. */
      cutConnections: cutAll,
      /** Ends every watch without a word. */
      dropWatches: (): void => storage.drop(),
      /** Goes back to what was at a version, counter included. */
      restoreTo: (resourceVersion: number | string): void => {
        lists.expire();
        storage.restore(Number(resourceVersion));
      },
      /** Nobody listens any more: connections are refused until `up`. */
      down: stopListening,
      up: async (): Promise<void> => {
        await listen(port);
      },
    },
    close: async (): Promise<void> => {
      storage.drop();
      await stopListening();
    },
  };
};

export type ApiServer = Awaited<ReturnType<typeof startApiServer>>;
