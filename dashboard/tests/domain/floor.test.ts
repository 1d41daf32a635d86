/** The floor as it is typed into forms. */
import { describe, expect, it } from 'vitest';
import type { Queue } from '../../src/contracts/types.ts';
import { faultsOf, formOf, queueOf, siteOf } from '../../src/domain/floor.ts';

const queue: Queue = {
  kind: 'queue',
  id: 'harbour/sales/uk',
  name: { en: 'Sales', zh: '销售' },
  target_s: 30,
  target_percent: 87.5,
  thresholds_s: [20, 30],
  short_abandon_s: 5,
  definition: 'genesys_cloud',
  genesys: { include_abandons: true, include_short_abandons: true, include_flow_outs: false },
  response_objective_s: null,
  ghost_after_s: 3600,
  channels: {
    chat: {
      target_s: 60,
      target_percent: 80,
      short_abandon_s: 0,
      response_objective_s: null,
      ghost_after_s: null,
    },
  },
  skill: 'sales',
};

describe('a queue', () => {
  it('comes out of its form as it went in, channels included', () => {
    expect(queueOf(formOf(queue), queue)).toEqual(queue);
  });

  it('a new one is held to what is usual, at the site that was chosen', () => {
    const form = { ...formOf(null, 'hill'), id: ' cards ', zh: '信用卡' };
    expect(queueOf(form, null)).toMatchObject({
      id: 'hill/cards',
      name: { en: '信用卡', zh: '信用卡' },
      target_s: 20,
      thresholds_s: [20, 30],
      response_objective_s: null,
    });
  });

  it('what is no number is sent as it was typed, so that its field is named', () => {
    const form = { ...formOf(queue), target_s: 'soon', thresholds_s: '20，x', ghost_after_s: ' ' };
    expect(queueOf(form, queue)).toMatchObject({
      target_s: 'soon',
      thresholds_s: [20, 'x'],
      ghost_after_s: null,
    });
  });
});

it('a site without a name in one language has the other', () => {
  expect(siteOf({ id: ' bay', en: 'Bay', zh: '', timezone: 'UTC', region: '' }).name).toEqual({
    en: 'Bay',
    zh: 'Bay',
  });
});

describe('what the API says is wrong', () => {
  it('goes to its field; several of a list to the list', () => {
    const said =
      'body.record.target_s: Input should be a valid integer; body.record.name.en: too short; ' +
      'body.record.thresholds_s.1: no number; body.record.thresholds_s.2: no number';
    expect(faultsOf(said)).toEqual({
      target_s: 'Input should be a valid integer',
      'name.en': 'too short',
      thresholds_s: 'no number no number',
    });
  });

  it('what names no field is said as it is', () => {
    expect(faultsOf('body.why: too long')).toEqual({ '': 'body.why: too long' });
  });
});
