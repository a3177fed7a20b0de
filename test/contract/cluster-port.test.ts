import { clusterContract } from '#test/contract/cluster-contract.ts';
import { memoryWorld, serverWorld } from '#test/contract/cluster-worlds.ts';

clusterContract('a cluster in memory', memoryWorld);
clusterContract('a cluster behind an API server, by streaming lists', () => serverWorld());
