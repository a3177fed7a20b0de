import { z } from 'zod';
import { loadConfig } from '#src/config/load.ts';
import { sayProblemIn } from '#src/config/problems.ts';
import { verifyAudit } from '#src/entry/cli/audit.ts';
import { type Call, misused, type Outcome } from '#src/entry/cli/outcome.ts';
import { configFile, permissions } from '#src/entry/config-file.ts';
import { serve } from '#src/entry/serve.ts';

export const AuditVerifyResult = z.object({ unbroken: z.boolean() }).loose();

const flag = (name: string, value: string | boolean | number | undefined): readonly string[] =>
  value === undefined ? [] : [name, String(value)];

/** `serve`: it writes its own log. */
export const serveBot = async ({ input, options }: Call): Promise<Outcome> => {
  if (options.json) {
    return misused('serve has no answer to print.', 'Leave --json out: its log is JSON as it is.');
  }
  const words = [
    ...flag('--config', options.config),
    ...flag('--role', input['role']),
    ...flag('--log-level', input['logLevel']),
  ];
  return { kind: 'ended', exitCode: await serve(words) };
};

/** `audit verify`, with the key and the Redis of the configuration. */
export const auditVerify = async ({ options }: Call): Promise<Outcome> => {
  const file = configFile(options.config);
  const loaded = loadConfig({ file, environment: process.env, permissions });
  if (!loaded.ok) {
    return misused(
      loaded.failure.map((problem) => sayProblemIn(file, problem)).join('\n'),
      'It needs "redis.url" and "keys.audit"; run it where they are.',
    );
  }
  const { exit, text, json } = await verifyAudit(loaded.value);
  if (exit === 'away') {
    const [what = '', next = ''] = text.split('\n');
    return { kind: 'failed', exit, code: 'store-unavailable', what, next };
  }
  return exit === 'done'
    ? { kind: 'answer', exit, result: json, shown: `${text}\n` }
    : { kind: 'answer', exit, result: json, shown: '', remarks: text.split('\n') };
};
