import { clusterContract } from '#test/contract/cluster-contract.ts';
import { memoryWorld, serverWorld } from '#test/contract/cluster-worlds.ts';
import { withoutStreamingLists } from '#test/integration/cluster/old-server.ts';

clusterContract('a cluster in memory', memoryWorld);
clusterContract('a cluster behind an API server, by streaming lists', () => serverWorld());
clusterContract('a cluster behind an API server, by pages', () =>
  serverWorld({ pageSize: 1 }, {}, withoutStreamingLists('refuses')),
);
