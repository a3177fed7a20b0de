import { describe, expect, it } from 'vitest';
import { describeWorkload, workloadRef } from '#src/cluster/workload.ts';

const pod = (status: object, created = '2026-11-23T10:00:00Z') => ({
  metadata: { creationTimestamp: created },
  status: { phase: 'Pending', ...status },
});

const container = (state: object, lastState: object = {}) =>
  pod({ containerStatuses: [{ state, lastState }] });

const deployment = (status: object, generation = 2) => ({
  metadata: { generation },
  spec: { replicas: 2 },
  status: { observedGeneration: 2, replicas: 2, updatedReplicas: 2, ...status },
});

const web = { kind: 'Deployment', namespace: 'media', name: 'web' } as const;
const waiting = deployment({ availableReplicas: 0 });

describe('an id of an inventory', () => {
  it('is a workload only by group and kind', () => {
    expect(workloadRef('media_web_apps_Deployment')).toEqual(web);
    expect(workloadRef('media_one__Pod')).toMatchObject({ kind: 'Pod' });
    expect(workloadRef('media_web_example.com_Deployment')).toBeUndefined();
    expect(workloadRef('media_key__Secret')).toBeUndefined();
    expect(workloadRef('_system__reader_rbac.authorization.k8s.io_ClusterRole')).toBeUndefined();
  });
});

describe('how a workload is', () => {
  it.each([
    ['all available', deployment({ availableReplicas: 2 }), true, '2 of 2 ready'],
    ['some missing', deployment({ availableReplicas: 1 }), false, '1 of 2 ready'],
    [
      'spec not seen yet',
      deployment({ availableReplicas: 2 }, 3),
      false,
      '2 of 2 ready, rolling out',
    ],
    [
      'old pods still there',
      deployment({ availableReplicas: 2, replicas: 3 }),
      false,
      '2 of 2 ready, rolling out',
    ],
  ])('is judged as a Deployment with %s', (_, wire, healthy, detail) => {
    expect(describeWorkload(web, wire, [])).toEqual({
      name: 'Deployment/media/web',
      healthy,
      detail,
    });
  });

  it.each([
    ['Complete', true, 'complete'],
    ['Failed', false, 'BackoffLimitExceeded: has failed too often'],
  ])('is judged as a Job that is %s', (type, healthy, detail) => {
    const condition = {
      type,
      status: 'True',
      reason: 'BackoffLimitExceeded',
      message: 'has failed too often',
    };
    const job = { metadata: {}, spec: {}, status: { conditions: [condition] } };
    const ref = { kind: 'Job', namespace: 'media', name: 'migrate' } as const;
    expect(describeWorkload(ref, job, [])).toMatchObject({ healthy, detail });
  });

  it.each([
    [
      'an image that cannot be had',
      container({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off  pulling\nimage' } }),
      'ImagePullBackOff: Back-off pulling image',
    ],
    [
      'memory, rather than the waiting that follows',
      container(
        { waiting: { reason: 'CrashLoopBackOff' } },
        { terminated: { reason: 'OOMKilled', exitCode: 137 } },
      ),
      'OOMKilled',
    ],
    [
      'no node',
      pod({
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/3 nodes are available',
          },
        ],
      }),
      'Unschedulable: 0/3 nodes are available',
    ],
    ['an exit', container({ terminated: { reason: 'Error', exitCode: 3 } }), 'Error: exit code 3'],
  ])('names the first reason: %s', (_, wire, reason) => {
    const starting = container({ waiting: { reason: 'ContainerCreating' } });
    expect(describeWorkload(web, waiting, [starting, wire]).detail).toBe(`0 of 2 ready, ${reason}`);
  });

  it('prefers the newest pods, and leaves out those that are up', () => {
    const reason = (word: string) => ({
      containerStatuses: [{ state: { waiting: { reason: word } }, lastState: {} }],
    });
    const pods = [
      pod(reason('OldReason'), '2026-11-23T10:00:00Z'),
      pod(reason('NewReason'), '2026-11-23T11:00:00Z'),
      pod(
        { ...reason('UpAnyway'), conditions: [{ type: 'Ready', status: 'True' }] },
        '2026-11-23T12:00:00Z',
      ),
    ];
    expect(describeWorkload(web, waiting, pods).detail).toBe('0 of 2 ready, NewReason');
  });

  it('says so when it does not exist, and bears anything else', () => {
    expect(describeWorkload(web, undefined, []).detail).toBe('does not exist');
    const broken = { metadata: {}, spec: null, status: 'none' };
    expect(describeWorkload(web, broken, [null, 7]).healthy).toBe(false);
  });
});
