import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Certificates are made with openssl. */
export const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** A certificate and its key, both as PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What an API server needs to speak TLS, and to know people by the certificates they bring. */
export interface ServerCertificates {
  /** The authority that signed all of them, as PEM. */
  readonly authority: string;
  readonly server: KeyPair;
  /** By user: the common name is the name that the server knows. */
  readonly users: ReadonlyMap<string, KeyPair>;
}

const settings = `[req]
distinguished_name = name
prompt = no
[name]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1, DNS:localhost
[user]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
`;

/**
 * Makes an authority of its own for one API server on 127.0.0.1, good for two days.
 * @param users - who gets a certificate; their groups are what the server knows of them, not in it
 */
export const makeCertificates = async (
  users: readonly string[] = ['admin'],
): Promise<ServerCertificates> => {
  const directory = await mkdtemp(join(tmpdir(), 'sandbox-certificates-'));
  const at = (name: string): string => join(directory, name);
  const make = async (name: string, kind: string, signed: readonly string[]): Promise<KeyPair> => {
    await run('openssl', [
      ...[
        'req',
        '-x509',
        '-config',
        at('openssl.cnf'),
        '-extensions',
        kind,
        '-subj',
        `/CN=${name}`,
      ],
      ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'],
      ...['-keyout', at(`${name}.key`), '-out', at(`${name}.crt`), ...signed],
    ]);
    return {
      certificate: await readFile(at(`${name}.crt`), 'utf8'),
      key: await readFile(at(`${name}.key`), 'utf8'),
    };
  };
  try {
    await writeFile(at('openssl.cnf'), settings);
    const authority = await make('sandbox', 'authority', []);
    const signed = ['-CA', at('sandbox.crt'), '-CAkey', at('sandbox.key')];
    const server = await make('127.0.0.1', 'server', signed);
    const known: (readonly [string, KeyPair])[] = [];
    for (const user of users) {
      known.push([user, await make(user, 'user', signed)]);
    }
    return { authority: authority.certificate, server, users: new Map(known) };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
};
