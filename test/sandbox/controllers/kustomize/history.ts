import { isRecord, type JsonRecord, type KubeObject, listAt } from '#test/sandbox/api/json.ts';
import { timestamp } from '#test/sandbox/clock.ts';
import { goDuration } from '#test/sandbox/controllers/go-text.ts';

export interface HistoryEvent {
  readonly digest: string;
  readonly status: string;
  readonly revision: string;
  readonly startedMs: number;
  readonly durationMs: number;
}

const kept = 5;

/** History with one more result: an entry per digest and status, the newest first, five at most. */
export const withHistory = (object: KubeObject, event: HistoryEvent): readonly JsonRecord[] => {
  const before = listAt(object, 'status', 'history').filter(isRecord);
  const isSame = (entry: JsonRecord): boolean =>
    entry['digest'] === event.digest && entry['lastReconciledStatus'] === event.status;
  const old = before.find(isSame);
  const now = timestamp(event.startedMs);
  const total = typeof old?.['totalReconciliations'] === 'number' ? old['totalReconciliations'] : 0;
  const entry = {
    digest: event.digest,
    firstReconciled: old?.['firstReconciled'] ?? now,
    lastReconciled: now,
    lastReconciledDuration: goDuration(event.durationMs),
    lastReconciledStatus: event.status,
    metadata: { revision: event.revision },
    totalReconciliations: total + 1,
  };
  return [entry, ...before.filter((one) => !isSame(one))].slice(0, kept);
};
