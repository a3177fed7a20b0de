import type { Answer, Authorise, Question } from '#test/sandbox/api/access.ts';
import { isRecord, type JsonRecord, listAt, recordAt, textAt } from '#test/sandbox/api/json.ts';
import { badRequest } from '#test/sandbox/api/status.ts';

export interface Caller {
  readonly name: string;
  readonly groups: readonly string[];
  readonly uid: string;
}

const questionFrom = (spec: JsonRecord, user: string, groups: readonly string[]): Question => {
  const asked = recordAt(spec, 'resourceAttributes');
  const text = (key: string): string | undefined => {
    const value = textAt(asked, key);
    return value === '' ? undefined : value;
  };
  return {
    user,
    groups,
    verb: text('verb') ?? '',
    group: text('group') ?? '',
    resource: text('resource') ?? '',
    subresource: text('subresource') ?? '',
    namespace: text('namespace'),
    name: text('name'),
  };
};

const statusFrom = ({ allowed, reason }: Answer): JsonRecord => ({
  allowed,
  ...(reason === undefined ? {} : { reason }),
});

const nonResource = (spec: JsonRecord): Answer | undefined =>
  isRecord(spec['nonResourceAttributes']) ? { allowed: true, reason: undefined } : undefined;

/**
 * Answers SubjectAccessReview and the reviews of oneself; undefined for any other resource.
 * @throws badRequest when a SubjectAccessReview names neither user nor group
 */
export const review = (
  resource: string,
  body: unknown,
  caller: Caller,
  authorise: Authorise,
): JsonRecord | undefined => {
  const sent = isRecord(body) ? body : {};
  const spec = recordAt(sent, 'spec');
  switch (resource) {
    case 'selfsubjectreviews':
      return {
        ...sent,
        status: {
          userInfo: { username: caller.name, uid: caller.uid, groups: caller.groups },
        },
      };
    case 'selfsubjectaccessreviews': {
      const question = questionFrom(spec, caller.name, caller.groups);
      return { ...sent, status: statusFrom(nonResource(spec) ?? authorise(question)) };
    }
    case 'subjectaccessreviews': {
      const user = textAt(spec, 'user') ?? '';
      const groups = listAt(spec, 'groups').filter((one): one is string => typeof one === 'string');
      if (user === '' && groups.length === 0) {
        throw badRequest(
          'spec.user: Invalid value: "": at least one of user or group must be specified',
        );
      }
      return { ...sent, status: statusFrom(authorise(questionFrom(spec, user, groups))) };
    }
    default:
      return undefined;
  }
};
