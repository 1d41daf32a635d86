/** Texts of the what-if slider. */
export const whatif = {
  title: 'What if',
  hint: 'How many agents the queue needs by its live numbers; move the slider to see what fewer or more would do.',
  agents: (count: string) => `Agents: ${count}`,
  arrivals: (percent: string) => `Contacts: ${percent} %`,
  needed: 'Needed for the target',
  now: 'Serve it now',
  level: 'Expected service level',
  asa: 'Expected speed of answer',
  abandons: 'Expected abandonment',
  occupancy: 'Occupancy',
  reset: 'As it is',
  unknown: 'Cannot be told yet',
  chooseQueue: 'Choose a queue to see what a few agents more or fewer would do.',
};
