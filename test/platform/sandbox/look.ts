import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { type Climb, climb } from '#src/bootstrap/climb.ts';
import { type Ladder, parseLadder, wantedOf } from '#src/bootstrap/ladder.ts';
import { type Answer, kindKey, type Listing, type PlainObject } from '#src/bootstrap/snapshot.ts';
import type { Stage } from '#test/platform/sandbox/stage.ts';

/** bootstrap/ladder.yaml as it is. */
export const readLadder = (): Ladder => {
  const parsed = parseLadder(parseYaml(readFileSync('bootstrap/ladder.yaml', 'utf8')));
  if (!parsed.ok) {
    throw new Error(parsed.failure.join('; '));
  }
  return parsed.value;
};

/** Climbs the ladder with everything it wants to see on a stage; an event of Flux arrived just now. */
export const climbOn = async (stage: Stage, name: string, ladder: Ladder): Promise<Climb> => {
  const { server } = stage.cluster;
  const wanted = wantedOf(ladder.rungs, ladder.shapes, name);
  const listings = [{ apiVersion: 'v1', kind: 'Namespace' }, ...wanted.kinds].map(
    ({ apiVersion, kind }): readonly [string, Listing] => {
      const found = server.kinds.byObject(apiVersion, kind);
      const objects = found === undefined ? [] : server.storage.list(found);
      return [
        kindKey({ apiVersion, kind }),
        found === undefined
          ? { type: 'not-served' }
          : { type: 'objects', objects: objects as readonly PlainObject[] },
      ];
    },
  );
  const endpoints = await Promise.all(
    wanted.endpoints.map(async (path): Promise<readonly [string, Answer]> => {
      const answer = await fetch(`${server.url}${path}`);
      return [path, { type: 'status', code: answer.status }];
    }),
  );
  return climb(ladder, {
    cluster: name,
    at: stage.clock.now(),
    listings: new Map(listings),
    endpoints: new Map(endpoints),
    signals: new Map([['flux-events', stage.clock.now()]]),
  });
};
