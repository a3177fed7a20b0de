import type { Api } from '#src/cluster/api.ts';
import type { ClusterFailure, ObjectLock } from '#src/cluster/cluster.ts';
import type { ServedKind } from '#src/cluster/discovery.ts';
import type { Finder } from '#src/cluster/finder.ts';
import { PatchTarget, patchOperations } from '#src/cluster/json-patch.ts';
import { brokenLock, type ObjectChange } from '#src/cluster/lock.ts';
import { type Asked, failureFrom, type Trouble } from '#src/cluster/trouble.ts';
import { type FluxObject, parseFluxObject } from '#src/flux/object.ts';
import { type FluxRef, fluxKinds } from '#src/flux/ref.ts';
import { fail, ok, type Result } from '#src/result.ts';

/** As whom we own the fields that we set; others' ownership decides what the next Flux pass leaves. */
const FIELD_MANAGER = 'flux-chatops';

const ATTEMPTS = 3;

type Answer = Result<FluxObject, ClusterFailure>;

const askedFor = (ref: FluxRef, verb: 'get' | 'patch'): Asked => ({
  verb,
  group: fluxKinds[ref.kind].group,
  resource: fluxKinds[ref.kind].plural,
  namespace: ref.namespace,
  writes: verb === 'patch',
  kind: ref.kind,
});

const pathOf = (served: ServedKind, ref: FluxRef): string =>
  [
    `/apis/${served.group}/${served.version}/namespaces`,
    encodeURIComponent(ref.namespace),
    served.plural,
    encodeURIComponent(ref.name),
  ].join('/');

const parsed = (ref: FluxRef, wire: unknown): Answer => {
  const object = parseFluxObject(wire);
  return object === undefined
    ? fail({ code: 'unreachable', detail: `what it sent is no ${ref.kind}` })
    : ok(object);
};

// a failed test is 422 without saying which; a write in between can also be told as 409
const isRace = (trouble: Trouble): boolean =>
  trouble.type === 'status' && (trouble.status === 409 || trouble.status === 422);

/** Reading one object, and changing it under a lock. The signal is the deadline of the whole act. */
export interface Acts {
  read(ref: FluxRef, signal: AbortSignal): Promise<Answer>;
  change(
    ref: FluxRef,
    change: ObjectChange,
    lock: ObjectLock,
    signal: AbortSignal,
  ): Promise<Answer>;
  /** Tries, as a dry run, what the admission fence must deny. */
  probe(ref: FluxRef, signal: AbortSignal): Promise<Result<'closed' | 'open', ClusterFailure>>;
}

// as admission words a denial; another policy that dislikes labels proves nothing about ours
const fenceSays = "ValidatingAdmissionPolicy 'flux-chatops-fence'";
const canary = { metadata: { labels: { 'flux-chatops.dev/fence-canary': '1' } } };

const isDenial = (trouble: Trouble): boolean =>
  trouble.type === 'status' &&
  trouble.status === 403 &&
  trouble.message.includes(fenceSays) &&
  trouble.message.includes('denied request: ');

export const createActs = (api: Api, finder: Finder): Acts => {
  const located = async (
    ref: FluxRef,
    find: Finder['look'],
  ): Promise<Result<string, ClusterFailure>> => {
    const found = await find(ref.kind);
    if (!found.ok) {
      return fail(failureFrom(found.failure, askedFor(ref, 'get')));
    }
    return found.value === undefined
      ? fail({ code: 'not-served', kind: ref.kind })
      : ok(pathOf(found.value, ref));
  };

  /** Looks again where the kind is served when the place we knew is gone, as after an upgrade. */
  const withPlace = async <Value>(
    ref: FluxRef,
    act: (path: string) => Promise<Result<Value, ClusterFailure>>,
  ): Promise<Result<Value, ClusterFailure>> => {
    const path = await located(ref, finder.known);
    const answer = path.ok ? await act(path.value) : path;
    if (answer.ok || answer.failure.code !== 'not-served') {
      return answer;
    }
    const elsewhere = await located(ref, finder.look);
    return elsewhere.ok ? act(elsewhere.value) : elsewhere;
  };

  const get = async (ref: FluxRef, path: string, signal: AbortSignal) => {
    const answer = await api.request({ method: 'GET', path, signal });
    return answer.ok ? answer : fail(failureFrom(answer.failure, askedFor(ref, 'get')));
  };

  const readAt = async (ref: FluxRef, path: string, signal: AbortSignal): Promise<Answer> => {
    const wire = await get(ref, path, signal);
    return wire.ok ? parsed(ref, wire.value) : wire;
  };

  interface Attempt {
    readonly ref: FluxRef;
    readonly change: ObjectChange;
    readonly lock: ObjectLock;
    readonly signal: AbortSignal;
  }

  const tryOnce = async (
    { ref, change, lock, signal }: Attempt,
    path: string,
  ): Promise<{ readonly answer: Answer; readonly again: boolean }> => {
    const wire = await get(ref, path, signal);
    const object = wire.ok ? parsed(ref, wire.value) : wire;
    const target = PatchTarget.safeParse(wire.ok ? wire.value : undefined);
    if (!object.ok || !target.success) {
      return { answer: object, again: false };
    }
    const broken = brokenLock(lock, object.value);
    if (broken !== undefined) {
      return { answer: fail({ code: 'changed', what: broken }), again: false };
    }
    const patched = await api.request({
      method: 'PATCH',
      path,
      query: { fieldManager: FIELD_MANAGER },
      body: patchOperations(target.data, change, lock),
      signal,
    });
    return patched.ok
      ? { answer: parsed(ref, patched.value), again: false }
      : {
          answer: fail(failureFrom(patched.failure, askedFor(ref, 'patch'))),
          again: isRace(patched.failure),
        };
  };

  const probeAt = async (
    ref: FluxRef,
    path: string,
    signal: AbortSignal,
  ): Promise<Result<'closed' | 'open', ClusterFailure>> => {
    const answer = await api.request({
      method: 'PATCH',
      path,
      query: { fieldManager: FIELD_MANAGER, dryRun: 'All' },
      body: canary,
      patch: 'merge',
      signal,
    });
    if (answer.ok) {
      return ok('open');
    }
    return isDenial(answer.failure)
      ? ok('closed')
      : fail(failureFrom(answer.failure, { ...askedFor(ref, 'patch'), writes: false }));
  };

  const changeAt = async (attempt: Attempt, path: string): Promise<Answer> => {
    // reading again tells what changed, or that the change in between was none of the lock's
    let last = await tryOnce(attempt, path);
    for (let tried = 1; last.again && tried < ATTEMPTS; tried += 1) {
      last = await tryOnce(attempt, path);
    }
    return last.answer;
  };

  return {
    read: (ref, signal) => withPlace(ref, (path) => readAt(ref, path, signal)),
    probe: (ref, signal) => withPlace(ref, (path) => probeAt(ref, path, signal)),
    change: (ref, change, lock, signal) =>
      withPlace(ref, (path) => changeAt({ ref, change, lock, signal }, path)),
  };
};
