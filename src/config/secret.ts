import { z } from 'zod';

/** A secret is never written here: it stands in a file (mounted) or in an environment variable. */
export const SecretSource = z
  .union(
    [z.strictObject({ file: z.string().min(1) }), z.strictObject({ env: z.string().min(1) })],
    {
      error: 'is a secret: say where it stands',
    },
  )
  .meta({ examples: ['{ file: /run/secrets/name }', '{ env: NAME }'] });
export type SecretSource = z.infer<typeof SecretSource>;
