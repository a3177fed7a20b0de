import { Redis } from 'ioredis';
import { isStoreUnavailable, storeUnavailable } from '#src/store/store.ts';

export interface ConnectionOptions {
  /** `redis://` or `rediss://`, with user, password and database where needed. */
  readonly url: string;
  /** Told when the connection comes and goes, for logs and metrics. */
  readonly onConnection?: (state: 'ready' | 'lost', detail?: string) => void;
}

export interface Connection {
  readonly redis: Redis;
  /** Why the last attempt to connect failed, to be put behind "no connection"; empty where it is not known. */
  readonly lastTrouble: () => string;
}

/** Connects by itself, again and again; nothing is queued while there is no connection. */
export const connect = ({ url, onConnection }: ConnectionOptions): Connection => {
  let last = '';
  const redis = new Redis(url, {
    // a command that waits for a connection would hold its caller; the caller decides what to do
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    // a peer that vanished without a word is noticed, and a new connection tried
    socketTimeout: 5_000,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 4), 500),
    reconnectOnError: (error) => {
      const isReplica = error.message.startsWith('READONLY');
      last = isReplica ? 'it is a replica, which takes no writes' : last;
      return isReplica;
    },
  });
  redis.on('error', (error: Error) => {
    last = error.message;
  });
  let told: 'ready' | 'lost' | undefined;
  // every attempt to connect ends in a `close`; only the first one is news
  const tell = (state: 'ready' | 'lost', detail?: string): void => {
    if (state !== told) {
      told = state;
      onConnection?.(state, detail);
    }
  };
  redis.on('ready', () => tell('ready'));
  redis.on('close', () => tell('lost', last));
  return { redis, lastTrouble: () => (last === '' ? '' : ` (${last})`) };
};

// a reply of this kind is our own mistake; every other error means that the store cannot serve us now
const ownMistake = (error: Error): boolean =>
  error.name === 'ReplyError' && /^(ERR|WRONGTYPE)\b/.test(error.message);

// what ioredis says of a command while there is no connection; it means nothing to an operator
const notConnected = /^(?:Stream isn't writeable|Connection is closed)/;

// and of one that was on its way when the connection ended
const cutOff = /^Reached the max retries per request limit/;

const sayAway = (message: string, lastTrouble: () => string): string => {
  if (notConnected.test(message)) {
    return `Redis: no connection${lastTrouble()}`;
  }
  return cutOff.test(message)
    ? `Redis: the connection was lost before an answer came${lastTrouble()}`
    : `Redis: ${message}`;
};

/** Every error as the port has it: a mistake of ours as it is, all else as a store that is away. */
export const translate = (error: unknown, lastTrouble: () => string): Error => {
  if (!(error instanceof Error)) {
    return storeUnavailable(String(error));
  }
  if (isStoreUnavailable(error) || ownMistake(error)) {
    return error;
  }
  return storeUnavailable(sayAway(error.message, lastTrouble), error);
};

/** Runs calls on one connection, each with a deadline; nothing waits for a Redis that is away. */
export const createCaller = ({ redis, lastTrouble }: Connection, timeoutMs: number) => {
  let connecting: Promise<void> | undefined;
  // shared by all who wait, so that a burst of calls adds one pair of listeners
  const connected = (): Promise<void> => {
    connecting ??= new Promise<void>((resolve, reject) => {
      const settle = (): void => {
        connecting = undefined;
        for (const event of ['ready', 'close', 'end']) {
          redis.off(event, settle);
        }
        if (redis.status === 'ready') {
          resolve();
        } else {
          reject(storeUnavailable(`Redis: no connection${lastTrouble()}`));
        }
      };
      for (const event of ['ready', 'close', 'end']) {
        redis.on(event, settle);
      }
    });
    return connecting;
  };

  return async <Answer>(call: () => Promise<Answer>): Promise<Answer> => {
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(storeUnavailable(`Redis: no answer within ${timeoutMs} ms`)),
        timeoutMs,
      );
    });
    const onTheWay = redis.status === 'connecting' || redis.status === 'connect';
    try {
      return await Promise.race([onTheWay ? connected().then(call) : call(), deadline]);
    } catch (error) {
      throw translate(error, lastTrouble);
    } finally {
      clearTimeout(timer);
    }
  };
};
