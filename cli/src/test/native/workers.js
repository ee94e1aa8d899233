// Node: worker threads that sleep in Atomics.wait on shared memory, with exact counts from Atomics.notify.
'use strict';
const { Worker, isMainThread, workerData, parentPort } = require('worker_threads');

const WORKERS = 4, ROUNDS = 50;
const GATE = 0, ASLEEP = 1, SUM = 2, TURN = 3, RESULTS = 4; // words of the shared memory

function worker() {
  const cells = workerData.cells;
  Atomics.add(cells, ASLEEP, 1);
  const first = Atomics.wait(cells, GATE, 0); // 'ok', or 'not-equal' for one that came late
  for (let round = 0; round < ROUNDS; round++) {
    for (let turn; (turn = Atomics.load(cells, TURN)) % WORKERS !== workerData.id; ) Atomics.wait(cells, TURN, turn);
    cells[SUM] += round; // nobody else has the turn
    Atomics.add(cells, TURN, 1);
    Atomics.notify(cells, TURN);
  }
  const late = Atomics.wait(cells, RESULTS + workerData.id, 0, 40);
  parentPort.postMessage({ first, late });
}

async function main() {
  const cells = new Int32Array(new SharedArrayBuffer(64));
  const answers = [];
  for (let id = 0; id < WORKERS; id++) {
    answers.push(new Promise((resolve, reject) => {
      const w = new Worker(__filename, { workerData: { cells, id } });
      w.on('message', resolve);
      w.on('error', reject);
    }));
  }
  // Atomics.notify says how many it woke: four in all, and no more however often it is asked.
  let woken = 0;
  const limit = Date.now() + 20000;
  while (woken < WORKERS && Date.now() < limit) {
    woken += Atomics.notify(cells, GATE, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const more = Atomics.notify(cells, GATE);
  const results = await Promise.all(answers);
  const right = woken === WORKERS && more === 0 && cells[TURN] === WORKERS * ROUNDS &&
      cells[SUM] === (WORKERS * ROUNDS * (ROUNDS - 1)) / 2 &&
      results.every((r) => r.first === 'ok' && r.late === 'timed-out');
  console.log(`notified ${woken} more ${more} turns ${cells[TURN]} sum ${cells[SUM]} ${results.map((r) => r.first + '/' + r.late).join(' ')}`);
  console.log(right ? 'ok' : 'failed');
  process.exitCode = right ? 0 : 1;
}

if (isMainThread) main(); else worker();
