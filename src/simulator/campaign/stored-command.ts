/**
 * Validates commands from a snapshot, which may come from anywhere, like API requests.
 *
 * @module
 */
import * as z from 'zod';
import {
  AddLeadsRequest,
  CreateCampaignRequest,
  UpdateCampaignRequest,
} from '../../../schemas/control.ts';
import { ProfileName, Simulation } from '../../../schemas/sandbox.ts';
import { parse } from '../../domain/validate.ts';
import type { Command } from './commands.ts';

const campaign = z.string();

const StoredCommand = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('create'),
    settings: CreateCampaignRequest,
    profile: ProfileName,
  }),
  z.strictObject({ do: z.literal('update'), campaign, changes: UpdateCampaignRequest }),
  z.strictObject({ do: z.enum(['delete', 'activate', 'pause', 'resume']), campaign }),
  z.strictObject({ do: z.literal('add'), campaign, leads: AddLeadsRequest.shape.leads }),
  z.strictObject({ do: z.literal('remove'), campaign, lead: z.string() }),
  z.strictObject({
    do: z.literal('behave'),
    campaign,
    profile: Simulation.shape.profile,
    rates: Simulation.shape.rates,
  }),
]);

/**
 * @param body JSON
 * @throws {SyntaxError} for invalid JSON
 * @throws {Problem} for a command that the API would reject
 */
export const readStoredCommand = (body: string): Command =>
  parse(StoredCommand, JSON.parse(body), { what: 'the command' });
