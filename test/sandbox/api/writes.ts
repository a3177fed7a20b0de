import { checkCoreEvent, fromNewEvent } from '#test/sandbox/api/events.ts';
import {
  type Exchange,
  forbidden,
  matchOf,
  may,
  parseBody,
  type Stored,
  send,
  sendText,
  textFor,
} from '#test/sandbox/api/exchange.ts';
import { asObject, type KubeObject, recordAt, textAt } from '#test/sandbox/api/json.ts';
import { apiVersionOf } from '#test/sandbox/api/kinds.ts';
import type { PatchType, WriteOptions } from '#test/sandbox/api/objects.ts';
import { badRequest, invalid, notFound, unsupportedMediaType } from '#test/sandbox/api/status.ts';
import { timestamp } from '#test/sandbox/clock.ts';

const managerOf = ({ params, request }: Exchange): string => {
  const agent = request.headers['user-agent'] ?? 'unknown';
  return params.get('fieldManager') ?? agent.split('/')[0] ?? 'unknown';
};

const admission = (exchange: Stored, manager: string) => ({
  admit: (before: KubeObject | undefined, after: KubeObject): void => {
    const { served, caller, kind, route } = exchange;
    const operation = before === undefined ? 'CREATE' : 'UPDATE';
    const { subresource } = route;
    served.admit({ operation, user: caller.name, kind, subresource, manager, before, after });
  },
});

const isDryRun = (exchange: Stored): boolean => {
  const { params, kind } = exchange;
  const asked = params.get('dryRun');
  if (asked !== null && asked !== 'All') {
    throw invalid(
      { ...kind, kind: 'PatchOptions', group: 'meta.k8s.io' },
      '',
      'dryRun',
      `Unsupported value: "${asked}": supported values: "All"`,
    );
  }
  return asked === 'All';
};

const writeOptions = (exchange: Stored): WriteOptions => {
  const { params, route } = exchange;
  const manager = managerOf(exchange);
  return {
    manager,
    subresource: route.subresource === '' ? undefined : route.subresource,
    dryRun: isDryRun(exchange),
    force: params.get('force') === 'true',
    ...admission(exchange, manager),
  };
};

const patchTypes: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

export const answerPatch = async (exchange: Stored): Promise<void> => {
  const { served, kind, route, request, response } = exchange;
  const contentType = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const type = patchTypes[contentType];
  if (type === undefined) {
    throw unsupportedMediaType(Object.keys(patchTypes));
  }
  const body = await parseBody(request);
  const address = { namespace: route.namespace, name: route.name ?? '' };
  const live = served.storage.read(kind, address.namespace, address.name);
  if (type === 'apply' && live === undefined && !may(exchange, 'create')) {
    throw forbidden({ ...exchange, verb: 'create' });
  }
  if (type === 'apply' && exchange.params.get('fieldManager') === null) {
    throw invalid(
      { ...kind, kind: 'PatchOptions', group: 'meta.k8s.io' },
      '',
      'fieldManager',
      'Required value: is required for apply patch',
    );
  }
  const made = served.objects.patch(kind, address, type, body, writeOptions(exchange));
  sendText(response, live === undefined ? 201 : 200, textFor(exchange)(made));
};

const issueToken = (exchange: Stored, body: unknown): void => {
  const { served, route, response } = exchange;
  const seconds = Number(recordAt(body, 'spec')['expirationSeconds'] ?? 3_600);
  const user = `system:serviceaccount:${route.namespace ?? ''}:${route.name ?? ''}`;
  if (served.storage.read(exchange.kind, route.namespace, route.name ?? '') === undefined) {
    throw notFound(exchange.kind, route.name ?? '');
  }
  send(response, 201, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: route.name, namespace: route.namespace },
    spec: recordAt(body, 'spec'),
    status: {
      token: served.issueToken(user),
      expirationTimestamp: timestamp(served.clock.now() + seconds * 1000),
    },
  });
};

const checkNamespace = ({ served, route }: Stored): void => {
  const namespaces = served.kinds.byPlural('', 'namespaces');
  const { namespace } = route;
  if (namespace === undefined || namespaces === undefined) {
    return;
  }
  const found = served.storage.read(namespaces, undefined, namespace);
  if (found === undefined) {
    throw notFound(namespaces, namespace);
  }
};

export const answerCreate = async (exchange: Stored): Promise<void> => {
  const { served, kind, route, request, response } = exchange;
  const body = await parseBody(request);
  if (kind.kind === 'ServiceAccount' && route.subresource === 'token') {
    issueToken(exchange, body);
    return;
  }
  const sent = asObject(body);
  if (sent === undefined) {
    throw badRequest('the object provided is unrecognized (must be of type Object)');
  }
  checkNamespace(exchange);
  const metadata = {
    ...sent.metadata,
    ...(route.namespace === undefined ? {} : { namespace: route.namespace }),
  };
  const placed = { ...sent, metadata };
  const core = route.newEvents ? fromNewEvent(kind, placed) : placed;
  if (kind.kind === 'Event') {
    checkCoreEvent(
      kind,
      route.newEvents
        ? {
            ...core,
            metadata: {
              ...metadata,
              namespace: textAt(core, 'involvedObject', 'namespace') ?? 'default',
            },
          }
        : core,
    );
  }
  const made = served.objects.create(kind, core, writeOptions(exchange));
  sendText(response, 201, textFor(exchange)(made));
};

export const answerReplace = async (exchange: Stored): Promise<void> => {
  const { served, kind, route, request, response } = exchange;
  const sent = asObject(await parseBody(request));
  if (sent === undefined || sent.metadata.name !== route.name) {
    throw badRequest('the name of the object does not match the name on the URL');
  }
  const metadata = {
    ...sent.metadata,
    ...(route.namespace === undefined ? {} : { namespace: route.namespace }),
  };
  const made = served.objects.replace(kind, { ...sent, metadata }, writeOptions(exchange));
  sendText(response, 200, textFor(exchange)(made));
};

export const answerDelete = async (exchange: Stored): Promise<void> => {
  const { served, kind, route, request, response, caller } = exchange;
  const body = await parseBody(request);
  const preconditions = recordAt(body, 'preconditions');
  const dryRun = isDryRun(exchange);
  const { subresource } = route;
  const manager = managerOf(exchange);
  const remove = (name: string): KubeObject =>
    served.objects.remove(
      kind,
      { namespace: route.namespace, name },
      {
        uid: textAt(preconditions, 'uid'),
        resourceVersion: textAt(preconditions, 'resourceVersion'),
        dryRun,
        admit: (before) =>
          served.admit({
            operation: 'DELETE',
            user: caller.name,
            kind,
            subresource,
            manager,
            before,
            after: undefined,
          }),
      },
    );
  if (route.name !== undefined) {
    const gone = remove(route.name);
    const { uid } = gone.metadata;
    const pending = gone.metadata.deletionTimestamp !== undefined;
    send(
      response,
      200,
      pending
        ? gone
        : {
            kind: 'Status',
            apiVersion: 'v1',
            metadata: {},
            status: 'Success',
            details: { name: route.name, kind: kind.plural, uid },
          },
    );
    return;
  }
  const found = served.storage.list(kind, route.namespace).filter(matchOf(exchange));
  const items = found.map((object) => remove(object.metadata.name));
  send(response, 200, {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind),
    metadata: { resourceVersion: String(served.storage.version()) },
    items,
  });
};
