/**
 * Every operation documents the answers that it can give, and no others.
 *
 * @module
 */
import { describe, expect, test } from 'vitest';
import { documentOf, follow, isMembers, type Members, type Place } from './documents.ts';

interface Operation {
  readonly file: 'openapi.yaml' | 'sandbox.openapi.yaml';
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly body: Members | undefined;
  readonly responses: readonly { readonly status: number; readonly place: Place }[];
}

const METHODS = ['get', 'put', 'post', 'delete', 'patch'];

const operations = (['openapi.yaml', 'sandbox.openapi.yaml'] as const).flatMap((file) =>
  Object.entries(documentOf(file)['paths'] as Record<string, Record<string, any>>).flatMap(
    ([path, item]) =>
      METHODS.filter((method) => item[method]).map((method): Operation => {
        const operation = item[method];
        const parameters = [...(item['parameters'] ?? []), ...(operation.parameters ?? [])];
        return {
          file,
          method,
          path,
          operationId: operation.operationId,
          parameters: parameters.map(
            (value: unknown) =>
              follow({ file, path: [], value }).value as Operation['parameters'][0],
          ),
          body: operation.requestBody,
          responses: Object.entries(operation.responses).map(([status, value]) => ({
            status: Number(status),
            place: follow({ file, path: [], value }),
          })),
        };
      }),
  ),
);

const isProbe = ({ path }: Operation): boolean => !/^\/(?:v1|_sandbox)\//.test(path);
const has = (operation: Operation, status: number): boolean =>
  operation.responses.some((response) => response.status === status);

test('there are these, each named once', () => {
  expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(
    `createCampaign listCampaigns getCampaign updateCampaign deleteCampaign activateCampaign pauseCampaign
    resumeCampaign addLeads listLeads removeLead getCampaignAnalytics createWebhook listWebhooks getWebhook updateWebhook deleteWebhook rotateWebhookSecret listFailedEvents
    getFailedEvent acknowledgeFailedEvent triggerEvents listEvents getEvent listDeliveries getDelivery
    waitForDelivery redeliver explainSignature stream getClock setClock advanceClock resetAccount getSnapshot putSnapshot
    getLiveness getReadiness getMetrics listSinks recordRequest listSinkRequests clearSink getSinkSettings
    setSinkSettings listFaults addFault getFault removeFault clearFaults
    listVerifications startVerification getVerification stopVerification getVerificationReport getSimulation setSimulation listScenarios startScenario`
      .split(/\s+/)
      .toSorted(),
  );
});

describe.each(operations)('$method $path', (operation) => {
  const { parameters, body, responses, path, file } = operation;
  const kinds = new Set(parameters.map((parameter) => parameter.in));

  test('declares the parameters of its path', () => {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = parameters.filter((parameter) => parameter.in === 'path');
    expect(declared.map(({ name }) => name)).toEqual(inPath);
  });

  test('answers what can go wrong', () => {
    expect(has(operation, 401), 'no key').toBe(!isProbe(operation));
    expect(has(operation, 403), 'foreign').toBe(path.startsWith('/_sandbox/'));
    expect(has(operation, 400), 'malformed').toBe(body !== undefined);
    expect(has(operation, 413), 'too large').toBe(body !== undefined);
    expect(has(operation, 415), 'not JSON').toBe(body !== undefined);
    // A sink is there as soon as it is named: it is never missing, but its name can be unfit.
    const sink = path.startsWith('/_sandbox/sinks/');
    expect(has(operation, 422), 'invalid').toBe(body !== undefined || kinds.has('query') || sink);
    const named =
      (kinds.has('path') && !sink) ||
      /^(?:triggerEvents|addFault|startVerification)$/.test(operation.operationId);
    expect(has(operation, 404), 'not found').toBe(named);
  });

  test('has one success', () => {
    expect(responses.filter(({ status }) => status < 300)).toHaveLength(1);
  });

  test.each(responses)('$status has its envelope and its request id', ({ status, place }) => {
    // A sink answers as the service does whose place it takes; a report is a file of its format.
    const isBare = /^(?:recordRequest|getVerificationReport)$/.test(operation.operationId);
    if (isProbe(operation) || (isBare && status < 300)) return;
    const { headers, content } = place.value as Record<string, Members>;
    expect(Object.keys(headers ?? {})).toContain('x-request-id');
    const media = content?.['application/json'];
    if (!isMembers(media)) {
      expect(operation.operationId).toBe('stream');
      return;
    }
    const schema = follow({ ...place, file: place.file, value: media['schema'] }).value as any;
    expect(schema.properties.success).toEqual({ type: 'boolean', const: status < 300 });
    expect(schema.required).toEqual(['success', status < 300 ? 'data' : 'error', 'meta']);
  });

  test('lists have cursors', () => {
    if (
      !operation.operationId.startsWith('list') ||
      /^list(?:Webhooks|Scenarios|Faults|Sinks|Verifications)$/.test(operation.operationId)
    )
      return;
    const query = parameters.filter((parameter) => parameter.in === 'query');
    expect(query.map(({ name }) => name)).toEqual(expect.arrayContaining(['limit', 'cursor']));
  });

  test('its file is the one that its path belongs to', () => {
    expect(file === 'openapi.yaml').toBe(path.startsWith('/v1/'));
  });
});
