import type { KubeObject } from '#test/sandbox/api/json.ts';
import type { ResourceKind } from '#test/sandbox/api/kinds.ts';

/** A write as admission sees it. */
export interface Write {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly user: string;
  readonly kind: ResourceKind;
  readonly subresource: string;
  readonly manager: string;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}
