import { existsSync } from 'node:fs';
import type { AnyCommand } from '#src/command/define.ts';
import { type LoadedConfig, loadConfig, readConfig } from '#src/config/load.ts';
import { type ConfigProblem, sayProblemIn } from '#src/config/problems.ts';
import { type OwnCluster, ownClusters } from '#src/entry/cli/clusters.ts';
import { readKubeconfigs } from '#src/entry/cli/kubeconfig.ts';
import { type Call, documentOf, failedBy, misused, type Outcome } from '#src/entry/cli/outcome.ts';
import { createLive } from '#src/entry/cli/screen.ts';
import { configFile, permissions } from '#src/entry/config-file.ts';
import { fail, ok, type Result } from '#src/result.ts';
import type { Json } from '#src/store/store.ts';

const broken = (file: string, problems: readonly ConfigProblem[]): Outcome =>
  misused(
    problems.map((problem) => sayProblemIn(file, problem)).join('\n'),
    `Mend it, and see with: flux-chatops config check --config ${file}`,
  );

/** Names of the configured clusters; none where nobody says that there is a configuration. */
export const configuredClusters = (
  flag: string | undefined,
): Result<readonly string[], Outcome> => {
  const file = configFile(flag);
  const isNamed = flag !== undefined || process.env['FLUX_CHATOPS_CONFIG'] !== undefined;
  if (!isNamed && !existsSync(file)) {
    return ok([]);
  }
  const read = readConfig(file, permissions);
  return read.ok
    ? ok(read.value.clusters.map(({ name }) => name))
    : fail(broken(file, read.failure));
};

/** The clusters that a person reaches, as far as the command line says which. */
export const findClusters = ({ options }: Call): Result<readonly OwnCluster[], Outcome> => {
  const names = configuredClusters(options.config);
  if (!names.ok) {
    return names;
  }
  const found = ownClusters({
    flags: options.contexts,
    names: names.value,
    kubeconfigs: readKubeconfigs(process.env),
  });
  return found.ok ? found : fail(misused(found.failure.what, found.failure.next));
};

/** A read that names one cluster does not look at the others. */
const concerned = (
  clusters: readonly OwnCluster[],
  input: Readonly<Record<string, Json>>,
): readonly OwnCluster[] => {
  const word = String(input['cluster'] ?? input['object'] ?? '').toLowerCase();
  const named = clusters.filter(({ name }) => name.toLowerCase() === word);
  return named.length > 0 ? named : clusters;
};

const neededConfig = (
  command: AnyCommand,
  call: Call,
): Result<LoadedConfig | undefined, Outcome> => {
  if (command.doc.kind === 'read') {
    return ok(undefined);
  }
  const file = configFile(call.options.config);
  if (!existsSync(file)) {
    return fail(
      misused(
        `${command.doc.name} is recorded and audited where the bot does it, so it needs the bot’s configuration; ${file} is not there.`,
        'Give it with --config FILE, where Redis and the keys that it names are within reach.',
      ),
    );
  }
  const loaded = loadConfig({ file, environment: process.env, permissions });
  return loaded.ok ? loaded : fail(broken(file, loaded.failure));
};

/** Carries out one of the bot's commands with the caller's own kubeconfig. */
export const ask = async (command: AnyCommand, call: Call): Promise<Outcome> => {
  const loaded = neededConfig(command, call);
  if (!loaded.ok) {
    return loaded.failure;
  }
  const found = findClusters(call);
  if (!found.ok) {
    return found.failure;
  }
  const prepared = command.prepare(call.input);
  if (!prepared.ok) {
    const { usage } = command.doc;
    return failedBy({ code: 'invalid-arguments', issues: prepared.failure, usage });
  }
  const isRead = command.doc.kind === 'read';
  const live = createLive(call.err);
  let said = '';
  // heavy: the client of Kubernetes
  const { runFromTerminal } = await import('#src/entry/cli/run.ts');
  const outcome = await runFromTerminal({
    command,
    input: call.input,
    clusters: isRead ? concerned(found.value, call.input) : found.value,
    loaded: loaded.value,
    onProgress: (view, progress, result) => {
      if (!call.options.json) {
        return live.show(view);
      }
      const answer = { kind: 'answer', exit: 'done', shown: view, progress, result } as const;
      const line = JSON.stringify(documentOf(command.doc.name, answer));
      if (line !== said) {
        said = line;
        call.err.write(`${line}\n`);
      }
    },
  });
  live.end();
  return outcome;
};
