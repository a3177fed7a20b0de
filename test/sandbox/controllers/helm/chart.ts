import { type JsonRecord, type KubeObject, textAt } from '#test/sandbox/api/json.ts';

export interface ChartRequest {
  readonly chart: string;
  readonly version: string;
  readonly releaseName: string;
  readonly namespace: string;
  readonly values: JsonRecord;
}

/** Gives what a chart renders to; there is no Helm here. */
export type RenderChart = (request: ChartRequest) => readonly KubeObject[];

/**
 * Stands in for any chart: a ConfigMap and a Deployment named after the release, as the charts of the
 * recordings had them; the image is `values.image` where that is a text.
 */
export const standInChart: RenderChart = ({ chart, version, releaseName, namespace, values }) => {
  const name = `${releaseName}-core`;
  const labels = { 'app.kubernetes.io/name': name, 'app.kubernetes.io/instance': releaseName };
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${releaseName}-config`, namespace },
      data: { chart, version },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: { 'app.kubernetes.io/name': name } },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'main',
                image: textAt(values, 'image') ?? `example.com/${chart}:v${version}`,
              },
            ],
          },
        },
      },
    },
  ];
};
