import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { commands } from '#commands/index.ts';
import { loadConfig } from '#src/config/load.ts';
import { sayProblem } from '#src/config/problems.ts';
import { verifyAudit } from '#src/entry/cli/audit.ts';
import { ownClusters } from '#src/entry/cli/clusters.ts';
import { runFromTerminal, type TerminalResult } from '#src/entry/cli/run.ts';
import { configFile, serve } from '#src/entry/serve.ts';
import { explain, type Failure } from '#src/failure.ts';
import { renderTerminal } from '#src/text/terminal.ts';
import type { View } from '#src/view.ts';

/** What the exit code says; documented in the help text. */
const exits = { done: 0, failed: 1, usage: 2, refused: 3, away: 4 } as const;

const usage = `Usage: flux-chatops COMMAND [arguments] [options]

Commands of the bot, with your own kubeconfig:
${commands
  .filter((command) => command.doc.name !== 'whoami')
  .map((command) => `  ${command.doc.usage}\n      ${command.doc.summary}`)
  .join('\n')}

Running it:
  serve [--role front|worker]   start the bot
  config check                  check the configuration; all mistakes at once
  audit verify                  check that no entry of the audit trail was changed or removed

Options:
  --config FILE            configuration (FLUX_CHATOPS_CONFIG; ./flux-chatops.yaml)
  --context CLUSTER=NAME   context of your kubeconfig for a cluster (repeatable)
  --json                   the answer as JSON: {"summary","parts"} as the bot shows it, or {"failure"}
  --no-color               plain text (so does NO_COLOR)
  --version

Exit codes: 0 done, 1 it failed, 2 usage or configuration, 3 refused, 4 cluster or store away, 70 a bug.`;

const exitOf = (failure: Failure): number => {
  switch (failure.code) {
    case 'not-allowed':
    case 'refused-person':
    case 'forbidden':
      return exits.refused;
    case 'cluster-unreachable':
    case 'store-unavailable':
      return exits.away;
    case 'unknown-command':
    case 'invalid-arguments':
    case 'unknown-cluster':
    case 'ambiguous':
    case 'no-such-object':
    case 'not-found':
      return exits.usage;
    default:
      return exits.failed;
  }
};

/** Our own options, wherever they stand; the rest is the command's. */
const splitOptions = (words: readonly string[]) => {
  const { tokens, values } = parseArgs({
    args: [...words],
    strict: false,
    tokens: true,
    options: {
      config: { type: 'string' },
      context: { type: 'string', multiple: true },
      json: { type: 'boolean' },
      'no-color': { type: 'boolean' },
      version: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const own = new Set(['config', 'context', 'json', 'no-color', 'version', 'help']);
  const taken = new Set<number>();
  for (const token of tokens) {
    if (token.kind === 'option' && own.has(token.name)) {
      taken.add(token.index);
      if (token.value !== undefined && token.inlineValue === false) {
        taken.add(token.index + 1);
      }
    }
  }
  return {
    rest: words.filter((_, index) => !taken.has(index)),
    config: typeof values.config === 'string' ? values.config : undefined,
    contexts: (values.context ?? []).filter((context) => typeof context === 'string'),
    json: values.json === true,
    color: values['no-color'] !== true,
    version: values.version === true,
    help: values.help === true,
  };
};

const checkConfig = (flag: string | undefined): number => {
  const file = configFile(flag);
  const loaded = loadConfig({ file, environment: process.env });
  if (loaded.ok) {
    console.log(`${file} is in order: ${loaded.value.config.clusters.length} clusters.`);
    return exits.done;
  }
  for (const problem of loaded.failure) {
    console.error(sayProblem(problem));
  }
  return exits.usage;
};

const checkAudit = async (flag: string | undefined, json: boolean): Promise<number> => {
  const loaded = loadConfig({ file: configFile(flag), environment: process.env });
  if (!loaded.ok) {
    return checkConfig(flag);
  }
  const answer = await verifyAudit(loaded.value);
  const say = answer.exit === 'done' || json ? console.log : console.error;
  say(json ? JSON.stringify(answer.json) : answer.text);
  return exits[answer.exit];
};

const print = (result: TerminalResult, json: boolean, color: boolean): number => {
  if (result.kind === 'failed') {
    const { what, next } = explain(result.failure);
    if (json) {
      console.log(JSON.stringify({ failure: { ...result.failure, what, next } }));
    } else {
      console.error(`${what}\n${next}`);
    }
    return exitOf(result.failure);
  }
  console.log(json ? JSON.stringify(result.view) : renderTerminal(result.view, { color }));
  return result.succeeded ? exits.done : exits.failed;
};

const showProgress = (json: boolean) => {
  let last = '';
  return (view: View): void => {
    if (!json && view.summary !== last) {
      last = view.summary;
      console.error(view.summary);
    }
  };
};

const version = (): string => {
  const text = readFileSync(`${import.meta.dirname}/../../package.json`, 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
};

/** The terminal's door. @returns the exit code */
export const main = async (words: readonly string[]): Promise<number> => {
  const options = splitOptions(words);
  const [first] = options.rest;
  if (options.version) {
    console.log(version());
    return exits.done;
  }
  if (first === undefined) {
    console.log(usage);
    return options.help ? exits.done : exits.usage;
  }
  if (first === 'serve') {
    return serve(words.filter((word) => word !== 'serve'));
  }
  if (first === 'config') {
    return checkConfig(options.config);
  }
  if (first === 'audit' && options.rest[1] === 'verify') {
    return checkAudit(options.config, options.json);
  }
  const file = configFile(options.config);
  const loaded = loadConfig({ file, environment: process.env });
  const clusters = ownClusters({
    flags: options.contexts,
    names: loaded.ok ? loaded.value.config.clusters.map((cluster) => cluster.name) : [],
    environment: process.env,
  });
  if (!clusters.ok) {
    console.error(clusters.failure);
    return exits.usage;
  }
  const color = options.color && process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const result = await runFromTerminal({
    words: options.help ? ['help', first] : options.rest,
    clusters: clusters.value,
    loaded: loaded.ok ? loaded.value : undefined,
    onProgress: showProgress(options.json),
  });
  return print(result, options.json, color);
};
