import assert from 'node:assert/strict';
import { settingProblem } from '../../../src/workbench/settings-schema.ts';

describe('settings', () => {
  it('accepts values within type and range', () => {
    assert.equal(settingProblem('import.badRowTolerance', 2.5), undefined);
    assert.equal(settingProblem('import.protocol', 'paper'), undefined);
    assert.equal(settingProblem('engine.memoryLimit', 512), undefined);
  });

  it('says what is wrong with a value of another type, outside the range or the enumeration', () => {
    assert.match(settingProblem('import.badRowTolerance', '1')!, /number.*string/);
    assert.match(settingProblem('import.badRowTolerance', -1)!, />=0/);
    assert.match(settingProblem('engine.memoryLimit', 600.5)!, /int/);
    assert.match(settingProblem('import.protocol', 'papers')!, /"reference"\|"paper"/);
    assert.match(settingProblem('inspector.sampleRows', null)!, /number/);
  });
});
