import { isList, isRecord, type JsonRecord } from '#test/sandbox/api/json.ts';

type Field =
  | { readonly name: string; readonly is: 'text' | 'texts' | 'map' }
  | { readonly name: string; readonly is: Message };
type Message = ReadonlyMap<number, Field>;

const text = (name: string): Field => ({ name, is: 'text' });
const message = (fields: Readonly<Record<number, Field>>): Message =>
  new Map(Object.entries(fields).map(([number, field]) => [Number(number), field]));

const metadata: Field = {
  name: 'metadata',
  is: message({
    1: text('name'),
    2: text('generateName'),
    3: text('namespace'),
    11: { name: 'labels', is: 'map' },
    12: { name: 'annotations', is: 'map' },
  }),
};

const attributes: Readonly<Record<number, Field>> = {
  1: {
    name: 'resourceAttributes',
    is: message({
      1: text('namespace'),
      2: text('verb'),
      3: text('group'),
      4: text('version'),
      5: text('resource'),
      6: text('subresource'),
      7: text('name'),
    }),
  },
  2: { name: 'nonResourceAttributes', is: message({ 1: text('path'), 2: text('verb') }) },
};

// numbers of k8s.io/api/*/generated.proto, of what kubectl and client-go write by themselves
const messages: Readonly<Record<string, Message>> = {
  Namespace: message({ 1: metadata }),
  ConfigMap: message({ 1: metadata, 2: { name: 'data', is: 'map' } }),
  SelfSubjectReview: message({ 1: metadata }),
  SelfSubjectAccessReview: message({ 1: metadata, 2: { name: 'spec', is: message(attributes) } }),
  SubjectAccessReview: message({
    1: metadata,
    2: {
      name: 'spec',
      is: message({ ...attributes, 3: text('user'), 4: { name: 'groups', is: 'texts' } }),
    },
  }),
};

interface Part {
  readonly number: number;
  readonly bytes: Buffer;
}

/** The parts of a message that have a length; numbers of fixed size are passed over. */
const partsOf = (bytes: Buffer): readonly Part[] => {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = bytes[at] ?? 0;
      at += 1;
      value += (byte & 0x7f) * factor;
      factor *= 128;
      if (byte < 128) {
        return value;
      }
    }
  };
  const parts: Part[] = [];
  while (at < bytes.length) {
    const key = varint();
    const wire = key % 8;
    if (wire === 2) {
      const length = varint();
      parts.push({ number: Math.floor(key / 8), bytes: bytes.subarray(at, at + length) });
      at += length;
    } else if (wire === 0) {
      varint();
    } else {
      at += wire === 1 ? 8 : 4;
    }
  }
  return parts;
};

const textIn = (bytes: Buffer, number: number): string =>
  partsOf(bytes)
    .find((part) => part.number === number)
    ?.bytes.toString('utf8') ?? '';

const valueOfPart = (field: Field, { bytes }: Part, before: unknown): unknown => {
  switch (field.is) {
    case 'text':
      // Go writes a text that is empty too, where JSON leaves it out
      return bytes.length === 0 ? undefined : bytes.toString('utf8');
    case 'texts':
      return [...(isList(before) ? before : []), bytes.toString('utf8')];
    case 'map':
      return { ...(isRecord(before) ? before : {}), [textIn(bytes, 1)]: textIn(bytes, 2) };
    default:
      return read(bytes, field.is);
  }
};

const read = (bytes: Buffer, known: Message): JsonRecord => {
  const found: Record<string, unknown> = {};
  for (const part of partsOf(bytes)) {
    const field = known.get(part.number);
    const value = field === undefined ? undefined : valueOfPart(field, part, found[field.name]);
    if (field !== undefined && value !== undefined) {
      found[field.name] = value;
    }
  }
  return found;
};

const magic = Buffer.from('k8s\0');

/**
 * Reads what clients written in Go send for a few built-in kinds: reviews, namespaces, ConfigMaps.
 * @returns undefined for any other kind, which a server may refuse with 415
 */
export const readProtobuf = (body: Buffer): JsonRecord | undefined => {
  if (!body.subarray(0, magic.length).equals(magic)) {
    return undefined;
  }
  const envelope = partsOf(body.subarray(magic.length));
  const bytesOf = (number: number): Buffer =>
    envelope.find((part) => part.number === number)?.bytes ?? Buffer.alloc(0);
  const kind = textIn(bytesOf(1), 2);
  const known = messages[kind];
  return known === undefined
    ? undefined
    : { apiVersion: textIn(bytesOf(1), 1), kind, ...read(bytesOf(2), known) };
};
