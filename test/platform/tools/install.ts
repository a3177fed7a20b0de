import { writeSync } from 'node:fs';
import { install, tools } from '#test/platform/tools/tools.ts';

// Every tool is tried, so that one that cannot be had does not hide the others.
const failures = tools.flatMap((tool) => {
  try {
    writeSync(1, `${install(tool)}\n`);
    return [];
  } catch (error) {
    writeSync(2, `${error instanceof Error ? error.message : String(error)}\n`);
    return [tool.name];
  }
});
if (failures.length > 0) {
  writeSync(2, `not built: ${failures.join(', ')} (their tests are skipped by name)\n`);
  process.exitCode = 1;
}
