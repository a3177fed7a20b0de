/** One sandbox API server; gives its kubeconfig, and takes objects as they are to be. */
import { answerParent } from '#test/bench/processes/child.ts';
import { failurePair, manyObjects } from '#test/bench/sizes.ts';
import { applyChange } from '#test/sandbox/api/recording.ts';
import { type ApiServer, startApiServer } from '#test/sandbox/api/server.ts';

export type ClusterQuestion =
  | { readonly kind: 'start'; readonly name: string; readonly objects: number }
  /** Puts the numbered Kustomization there; it is well. */
  | { readonly kind: 'well'; readonly number: number }
  /** Lets it fail. Answers with when, in ms since the epoch. */
  | { readonly kind: 'fail'; readonly number: number };

const servers: ApiServer[] = [];

const put = (object: ReturnType<typeof manyObjects>[number]): void => {
  for (const server of servers) {
    const { resourceVersion, ...metadata } = object.metadata;
    applyChange(server, {
      atMs: 0,
      cluster: server.name,
      type: 'MODIFIED',
      object: { ...object, metadata },
    });
  }
};

answerParent<ClusterQuestion, string | number>(async (question) => {
  switch (question.kind) {
    case 'start': {
      const server = await startApiServer({ name: question.name });
      servers.push(server);
      for (const object of manyObjects(question.objects)) {
        put(object);
      }
      return server.kubeconfig();
    }
    case 'well':
      put(failurePair(question.number).well);
      return 0;
    case 'fail': {
      const { failed } = failurePair(question.number);
      const at = Date.now();
      put(failed);
      return at;
    }
    default:
      return question satisfies never;
  }
});
