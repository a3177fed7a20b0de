#!/usr/bin/env node
// Old syntax on purpose: an old Node must be able to read this file, to find a newer one or to say what to do.
var wanted = [24, 12];
var has = process.versions.node.split('.').map(Number);
var isOld = has[0] < wanted[0] || (has[0] === wanted[0] && has[1] < wanted[1]);

var advise = () => {
  console.error(
    [
      'flux-chatops needs Node.js ' +
        wanted.join('.') +
        ' or newer; this is ' +
        process.version +
        '.',
      'In a clone of the repository, `npm ci` brings one along, and this works.',
      'Else install a newer Node.js, or use the container image.',
    ].join('\n'),
  );
  return 1;
};

/** The Node that `npm ci` brings into a clone runs this file again. */
var runWith = (node) =>
  import('node:child_process').then(
    (processes) =>
      new Promise((resolve) => {
        var child = processes.spawn(node, process.argv.slice(1), { stdio: 'inherit' });
        // Ctrl-C reaches both; it is for the other one to decide what it means
        process.on('SIGINT', () => undefined);
        for (const signal of ['SIGTERM', 'SIGHUP']) {
          process.on(signal, () => child.kill(signal));
        }
        child.on('error', () => resolve(advise()));
        child.on('exit', (code) => resolve(code === null ? 1 : code));
      }),
  );

var start = () =>
  // what Node has compiled once it need not compile again; where nothing can be kept, it does
  import('node:module')
    .then((node) => node.enableCompileCache())
    .then(() => import('../src/entry/cli.ts'))
    .then((cli) => cli.main(process.argv.slice(2)));

var startAnew = () =>
  import('node:fs').then((files) => {
    var node = new URL('..', import.meta.url).pathname + 'node_modules/.bin/node';
    // it is the same program where this is that very Node
    return files.existsSync(node) &&
      files.realpathSync(node) !== files.realpathSync(process.execPath)
      ? runWith(node)
      : advise();
  });

(isOld ? startAnew() : start()).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error) => {
    console.error(error);
    process.exitCode = 70;
  },
);
