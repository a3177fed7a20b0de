import type { Converse } from '#src/console/console.ts';
import type { createHomeDoor } from '#src/console/home-door.ts';
import type { createShortcutDoor } from '#src/console/shortcut-door.ts';
import type { Incoming } from '#src/slack/incoming.ts';

export interface DoorOptions {
  readonly converse: Converse;
  readonly home: ReturnType<typeof createHomeDoor>;
  readonly shortcut: ReturnType<typeof createShortcutDoor>;
}

/** Everything that people do in Slack, to whoever answers it. */
export const createDoor =
  ({ converse, home, shortcut }: DoorOptions) =>
  async (incoming: Incoming): Promise<void> => {
    switch (incoming.kind) {
      case 'home':
        return home.opened(incoming);
      case 'shortcut':
        return shortcut(incoming);
      case 'click':
        return incoming.home ? home.click(incoming) : converse(incoming);
      case 'command':
      case 'mention':
        return converse(incoming);
      default:
        return incoming satisfies never;
    }
  };
