import { z } from 'zod';

/** Arguments that several commands share, with one wording for help, modal and documentation. */
export const objectArgument = z
  .string()
  .min(1)
  .describe('Object: ks/namespace/name, hr/namespace/name, or a short name that is unambiguous')
  .meta({ candidates: 'objects' });

export const clusterArgument = z
  .string()
  .min(1)
  .optional()
  .describe('Cluster by name, or all; left out, the default of the channel')
  .meta({ candidates: 'clusters' });
