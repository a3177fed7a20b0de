import { get } from '#commands/get.ts';
import { help } from '#commands/help.ts';
import { here } from '#commands/here.ts';
import { reconcile } from '#commands/reconcile.ts';
import { status } from '#commands/status.ts';
import { whoami } from '#commands/whoami.ts';
import type { AnyCommand } from '#src/command/define.ts';

/** Every command there is; help, documentation, manifest and roles follow this list. */
export const commands: readonly AnyCommand[] = [here, status, get, reconcile, help, whoami];
