#!/usr/bin/env node
// Old syntax on purpose: an old Node must be able to read this file, to say what to do.
var wanted = [24, 12];
var has = process.versions.node.split('.').map(Number);

if (has[0] < wanted[0] || (has[0] === wanted[0] && has[1] < wanted[1])) {
  console.error(
    [
      'flux-chatops needs Node.js ' +
        wanted.join('.') +
        ' or newer; this is ' +
        process.version +
        '.',
      'In a clone of the repository, `npm ci` brings one along; then use it by',
      '  npm run --silent flux-chatops -- ' + (process.argv.slice(2).join(' ') || 'help'),
      'or install a newer Node.js, or use the container image.',
    ].join('\n'),
  );
  process.exitCode = 1;
} else {
  // what Node has compiled once it need not compile again; where nothing can be kept, it does
  import('node:module')
    .then((node) => node.enableCompileCache())
    .then(() => import('../src/entry/cli.ts'))
    .then((cli) => cli.main(process.argv.slice(2)))
    .then(
      (exitCode) => {
        process.exitCode = exitCode;
      },
      (error) => {
        console.error(error);
        process.exitCode = 70;
      },
    );
}
