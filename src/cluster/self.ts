import { z } from 'zod';
import type { Api } from '#src/cluster/api.ts';
import type { AccessRight, ClusterFailure } from '#src/cluster/cluster.ts';
import { failureFrom } from '#src/cluster/trouble.ts';
import { fail, ok, type Result } from '#src/result.ts';

const Review = z.object({
  status: z.object({
    userInfo: z.object({ username: z.string(), groups: z.array(z.string()).catch([]) }),
  }),
});

const AccessReview = z.object({ status: z.object({ allowed: z.boolean() }) });

const post = async <Answer>(
  api: Api,
  where: { readonly group: string; readonly plural: string },
  body: object,
  schema: z.ZodType<Answer>,
  signal: AbortSignal,
): Promise<Result<Answer, ClusterFailure>> => {
  const path = `/apis/${where.group}/v1/${where.plural}`;
  const answer = await api.request({ method: 'POST', path, body, signal });
  if (!answer.ok) {
    return fail(
      failureFrom(answer.failure, {
        verb: 'create',
        group: where.group,
        resource: where.plural,
        namespace: undefined,
        // it asks, and stores nothing
        writes: false,
        kind: undefined,
      }),
    );
  }
  const parsed = schema.safeParse(answer.value);
  return parsed.success
    ? ok(parsed.data)
    : fail({ code: 'unreachable', detail: `its answer to ${where.plural} cannot be read` });
};

/** Who the API server takes us for. */
export const askWhoAmI = async (api: Api, signal: AbortSignal) => {
  const group = 'authentication.k8s.io';
  const body = { apiVersion: `${group}/v1`, kind: 'SelfSubjectReview' };
  const where = { group, plural: 'selfsubjectreviews' };
  const answer = await post(api, where, body, Review, signal);
  return answer.ok ? ok(answer.value.status.userInfo) : answer;
};

/** Whether the API server would let us. */
export const askMayI = async (api: Api, right: AccessRight, signal: AbortSignal) => {
  const group = 'authorization.k8s.io';
  const body = {
    apiVersion: `${group}/v1`,
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: right },
  };
  const where = { group, plural: 'selfsubjectaccessreviews' };
  const answer = await post(api, where, body, AccessReview, signal);
  return answer.ok ? ok(answer.value.status.allowed) : answer;
};
