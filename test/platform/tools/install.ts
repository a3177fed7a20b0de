import { writeSync } from 'node:fs';
import { relative } from 'node:path';
import { install, toolFolder, tools } from '#test/platform/tools/tools.ts';

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
writeSync(1, `to use them: export PATH="$PWD/${relative(process.cwd(), toolFolder)}:$PATH"\n`);
if (failures.length > 0) {
  writeSync(2, `not built: ${failures.join(', ')} (their tests are skipped by name)\n`);
  process.exitCode = 1;
}
