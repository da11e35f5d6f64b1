/**
 * The memory store fulfils the contract.
 *
 * @module
 */
import { openMemoryStore } from '../../src/storage/memory/memory-store.ts';
import { storeContract } from '../contract/store.ts';
import type { StoreHarness } from '../contract/store/fixture.ts';
import { randomStoreCalls } from '../contract/store-random.ts';

const memory: StoreHarness = { open: async () => openMemoryStore(), reopen: null };

storeContract(memory);
randomStoreCalls(memory, 300);
