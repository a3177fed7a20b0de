import { z } from 'zod';
import { configJsonSchema } from '#src/config/config.ts';
import { loadConfig, readConfig } from '#src/config/load.ts';
import { sayProblemIn } from '#src/config/problems.ts';
import type { Call, Outcome } from '#src/entry/cli/outcome.ts';
import { configFile, permissions } from '#src/entry/config-file.ts';
import { sayCount } from '#src/text/duration.ts';

export const ConfigCheckResult = z.object({
  file: z.string(),
  valid: z.boolean(),
  clusters: z.array(z.string()),
  problems: z.array(
    z.object({
      path: z.string(),
      wrong: z.string(),
      example: z.string().optional(),
      line: z.number().optional(),
      column: z.number().optional(),
    }),
  ),
});
type ConfigCheckResult = z.output<typeof ConfigCheckResult>;

/** `config check [file]`: all mistakes at once, each with its place. */
export const checkConfig = async ({ input, options }: Call): Promise<Outcome> => {
  const file = typeof input['file'] === 'string' ? input['file'] : configFile(options.config);
  const isBare = input['noSecrets'] === true;
  const loaded = isBare
    ? readConfig(file, permissions)
    : loadConfig({ file, environment: process.env, permissions });
  if (loaded.ok) {
    const config = 'config' in loaded.value ? loaded.value.config : loaded.value;
    const clusters = config.clusters.map(({ name }) => name);
    const result: ConfigCheckResult = { file, valid: true, clusters, problems: [] };
    const secrets = isBare ? ' Its secrets were not looked at.' : '';
    const shown = `${file} is in order: ${sayCount(clusters.length, 'cluster')} (${clusters.join(', ')}).${secrets}\n`;
    return { kind: 'answer', exit: 'done', result, shown };
  }
  const problems = loaded.failure.map(({ path, wrong, example, at }) => ({
    path,
    wrong,
    ...(example === undefined ? {} : { example }),
    ...at,
  }));
  const result: ConfigCheckResult = { file, valid: false, clusters: [], problems };
  const count = sayCount(problems.length, 'mistake');
  return {
    kind: 'answer',
    exit: 'usage',
    result,
    shown: '',
    remarks: [...loaded.failure.map((problem) => sayProblemIn(file, problem)), `${file}: ${count}`],
  };
};

/** `config schema`, as deploy/flux-chatops.schema.json has it. */
export const printSchema = async (): Promise<Outcome> => {
  const result = configJsonSchema();
  return { kind: 'answer', exit: 'done', result, shown: `${JSON.stringify(result, null, 2)}\n` };
};
