import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { SandboxUser } from '#test/sandbox/api/access.ts';
import type { ServerCertificates } from '#test/sandbox/api/certificates.ts';
import type { Caller } from '#test/sandbox/api/reviews.ts';

/** Where a server is and what it proves itself with. */
export interface Endpoint {
  readonly cluster: string;
  readonly url: string;
  readonly certificates: ServerCertificates | undefined;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The name in the certificate that a client brought; undefined when our authority did not sign it. */
const certifiedName = (request: IncomingMessage): string | undefined => {
  const { socket } = request;
  if (!(socket instanceof TLSSocket) || !socket.authorized) {
    return undefined;
  }
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' ? name : undefined;
};

/** Who may come to an API server, and how each of them is known: by a token, or by a certificate. */
export const createUsers = (known: readonly SandboxUser[]) => {
  const users = new Map<string, SandboxUser>();
  const tokens = new Map<string, string>();
  const issue = (name: string): string => {
    const token = randomBytes(24).toString('base64url');
    tokens.set(token, name);
    return token;
  };
  const add = (user: SandboxUser): void => {
    users.set(user.name, user);
    issue(user.name);
  };
  known.forEach(add);

  const tokenOf = (user: string): string => {
    const found = [...tokens].find(([, name]) => name === user)?.[0];
    if (found === undefined) {
      throw new Error(`the sandbox knows no user ${user}`);
    }
    return found;
  };

  const credentialsOf = (user: string, endpoint: Endpoint) => {
    const pair = endpoint.certificates?.users.get(user);
    return pair === undefined
      ? { token: tokenOf(user) }
      : {
          'client-certificate-data': base64(pair.certificate),
          'client-key-data': base64(pair.key),
        };
  };

  return {
    all: users,
    add,
    tokenOf,
    /** One more token for a user, who need not be known yet. */
    issueToken: (name: string): string => {
      if (!users.has(name)) {
        add({ name });
      }
      return issue(name);
    },
    callerOf: (request: IncomingMessage): Caller | undefined => {
      const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
      const name = token === undefined ? certifiedName(request) : tokens.get(token);
      const user = users.get(name ?? '');
      return user === undefined
        ? undefined
        : {
            name: user.name,
            uid: `uid-of-${user.name}`,
            groups: [...(user.groups ?? []), 'system:authenticated'],
          };
    },
    /** A kubeconfig, as YAML, of a known user. Over plain HTTP clients insist on the flag about TLS. */
    kubeconfig: (user: string, endpoint: Endpoint): string => {
      const { cluster: name, url, certificates } = endpoint;
      const trust =
        certificates === undefined
          ? { 'insecure-skip-tls-verify': true }
          : { 'certificate-authority-data': base64(certificates.authority) };
      return JSON.stringify({
        apiVersion: 'v1',
        kind: 'Config',
        'current-context': name,
        clusters: [{ name, cluster: { server: url, ...trust } }],
        users: [{ name: user, user: credentialsOf(user, endpoint) }],
        contexts: [{ name, context: { cluster: name, user } }],
      });
    },
  };
};
