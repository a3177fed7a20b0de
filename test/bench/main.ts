/** `npm run bench [-- --json] [--runs N] [--only NAME]`: measures the bot against its goals. */
import { parseArgs } from 'node:util';
import { measureAccept } from '#test/bench/accept.ts';
import { measureCard } from '#test/bench/card.ts';
import { measureDemo } from '#test/bench/demo.ts';
import { measureFold } from '#test/bench/fold.ts';
import { measureMemory } from '#test/bench/memory.ts';
import type { Row } from '#test/bench/numbers.ts';
import { measureReady } from '#test/bench/ready.ts';
import { measureSandbox } from '#test/bench/sandbox.ts';
import { measureTerminal } from '#test/bench/terminal.ts';
import { measureThroughput } from '#test/bench/throughput.ts';
import { hasRedis } from '#test/redis/redis-server.ts';

const measures = {
  accept: measureAccept,
  throughput: measureThroughput,
  card: measureCard,
  ready: measureReady,
  memory: measureMemory,
  fold: measureFold,
  terminal: measureTerminal,
  sandbox: measureSandbox,
  demo: measureDemo,
} as const;
type Name = keyof typeof measures;

const names = Object.keys(measures) as readonly Name[];

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    runs: { type: 'string', default: '3' },
    only: { type: 'string', multiple: true, default: [] },
  },
});

const judgement = ({ goal, pass }: Row): string => {
  if (goal === null) {
    return '';
  }
  return pass ? `ok, goal ${goal}` : `MISSED, goal ${goal}`;
};

const line = (measured: Row): string =>
  `  ${measured.name.padEnd(40)} ${String(measured.value).padStart(8)} ${measured.unit.padEnd(9)} ${judgement(measured)}`;

const main = async (): Promise<number> => {
  const unknown = values.only.filter((name) => !names.some((known) => known === name));
  const runs = Number(values.runs);
  if (unknown.length > 0 || !Number.isInteger(runs) || runs < 1) {
    console.error(`--only takes ${names.join(', ')}; --runs takes a number from 1.`);
    return 2;
  }
  if (!hasRedis) {
    console.error('redis-server is not installed: apt-get install redis-server');
    return 1;
  }
  const rows: Row[] = [];
  for (const name of names.filter((one) => values.only.length === 0 || values.only.includes(one))) {
    const measured = await measures[name](runs);
    rows.push(...measured);
    if (!values.json) {
      console.log(measured.map(line).join('\n'));
    }
  }
  if (values.json) {
    console.log(JSON.stringify(rows));
  } else {
    const goals = rows.filter(({ goal }) => goal !== null);
    const met = goals.filter(({ pass }) => pass);
    console.log(
      `${met.length} of ${goals.length} goals met; each number is of ${runs} or more runs`,
    );
  }
  return 0;
};

process.exitCode = await main();
