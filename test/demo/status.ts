import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { clusterNames } from '#test/demo/clusters.ts';
import type { Stage } from '#test/demo/stage.ts';
import type { Troubles } from '#test/demo/troubles.ts';

const Ready = z.object({
  status: z.string(),
  components: z.array(
    z.object({ name: z.string(), up: z.boolean(), detail: z.string().optional() }),
  ),
});

/** What the bot says of itself; undefined while it is not there. */
export const readReady = async (healthUrl: string) => {
  const answer = await fetch(`${healthUrl}/readyz`, { signal: AbortSignal.timeout(5_000) }).catch(
    () => undefined,
  );
  return answer && Ready.parse(await answer.json());
};

const lookEveryMs = 100;

/** Waits until the bot has seen both clusters and Slack, at most `withinMs`: what is broken stays away. */
export const untilSettled = async (healthUrl: string, withinMs: number): Promise<void> => {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const ready = await readReady(healthUrl);
    if (ready?.components.every(({ up }) => up) === true) {
      return;
    }
    await wait(lookEveryMs);
  }
};

/** What is broken, how the clusters are, and what the bot says of itself. */
export const sayStatus = async (stage: Stage, troubles: Troubles): Promise<string> => {
  const broken = troubles.broken();
  const clusters = clusterNames.map((name) => {
    const bad = stage.clusters.notReady(name);
    const shown = bad.slice(0, 5).map((one) => `\n             ${one}`);
    const more = bad.length > 5 ? `\n             and ${bad.length - 5} more` : '';
    const total = stage.clusters.count(name);
    return `  ${name.padEnd(9)}${total - bad.length} of ${total} Flux objects ready${shown.join('')}${more}`;
  });
  const ready = await readReady(stage.healthUrl);
  const components = (ready?.components ?? []).map(
    ({ name, up, detail }) =>
      `${name} ${up ? 'well' : `AWAY${detail === undefined ? '' : ` (${detail})`}`}`,
  );
  const bot = ready === undefined ? 'AWAY' : `${ready.status}; ${components.join(', ')}`;
  return [
    `  broken   ${broken.length === 0 ? 'nothing' : broken.join(', ')}`,
    ...clusters,
    `  bot      ${bot}`,
    `  git      ${stage.git
      .commits()
      .slice(-3)
      .map(({ sha, message, author }) => `${sha.slice(0, 7)} ${message} (${author})`)
      .join('\n           ')}`,
  ].join('\n');
};
