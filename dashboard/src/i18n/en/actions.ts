/** Actions of a contingency plan, wherever one stands. */
export const actions = {
  done: 'Done',
  skip: 'Leave out',
  noted: 'Written down.',
  state: { open: 'Open', done: 'Done', skipped: 'Left out', failed: 'Failed' },
  takenBack: 'To be taken back',
  undo: { open: 'being taken back', done: 'taken back', skipped: 'left as it is', failed: 'not taken back' },
};
