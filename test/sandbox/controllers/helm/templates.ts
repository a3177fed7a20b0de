import { parseAllDocuments } from 'yaml';
import {
  asObject,
  at,
  isRecord,
  type JsonRecord,
  type KubeObject,
} from '#test/sandbox/api/json.ts';
import type { ChartPackage } from '#test/sandbox/controllers/helm/package.ts';

export interface ReleaseContext {
  readonly releaseName: string;
  readonly namespace: string;
  readonly values: JsonRecord;
}

// an action with the white space that its dashes take
const action = /(?:\s*\{\{-|\{\{)\s*(.*?)\s*(?:-\}\}\s*|\}\})/gs;

const isTrue = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== '' && value !== 0;

const shown = (value: unknown): string => {
  if (value === undefined || value === null) {
    return '';
  }
  return isRecord(value) || Array.isArray(value) ? JSON.stringify(value) : String(value);
};

const textFor = (expression: string, context: JsonRecord): string => {
  const [path = '', ...functions] = expression.split('|').map((part) => part.trim());
  if (!path.startsWith('.')) {
    throw new Error(`the sandbox's charts know no "${expression}": only .Path, quote and if`);
  }
  const found = at(context, ...path.slice(1).split('.'));
  return functions.includes('quote') ? JSON.stringify(shown(found)) : shown(found);
};

/** Fills in one template: `{{ .Path }}`, `| quote`, and `{{ if .Path }} … {{ end }}`, which may nest. */
const fillIn = (template: string, context: JsonRecord): string => {
  const isShown: boolean[] = [];
  let filled = '';
  let from = 0;
  for (const found of template.matchAll(action)) {
    const isOn = !isShown.includes(false);
    const [whole, word = ''] = found;
    filled += isOn ? template.slice(from, found.index) : '';
    from = found.index + whole.length;
    if (word.startsWith('if ')) {
      isShown.push(isTrue(at(context, ...word.slice(3).trim().slice(1).split('.'))));
    } else if (word === 'end') {
      isShown.pop();
    } else if (isOn && !word.startsWith('/*')) {
      filled += textFor(word, context);
    }
  }
  return filled + template.slice(from);
};

/** What a chart out of Git renders to: its templates may name values, the release and the chart. */
export const renderPackage = (
  chart: ChartPackage,
  { releaseName, namespace, values }: ReleaseContext,
): readonly KubeObject[] => {
  const context = {
    Values: values,
    Release: { Name: releaseName, Namespace: namespace },
    Chart: { Name: chart.name, Version: chart.version },
  };
  return [...chart.templates.values()].flatMap((template) =>
    parseAllDocuments(fillIn(template, context)).flatMap((document): readonly KubeObject[] => {
      const object = asObject(document.toJS());
      return object === undefined
        ? []
        : [{ ...object, metadata: { namespace, ...object.metadata } }];
    }),
  );
};
