import * as z from 'zod';

const weight = z.number().min(0).max(20);
const share = z.number().min(0).max(1);

/**
 * The preference model of the simulated viewers: every number that shapes them, with its meaning
 * (docs/sample-dataset.md has the same table, and a test holds the two together).
 */
export const sampleParametersSchema = z.strictObject({
  seed: z.int().min(0).max(0xffffffff).default(2024).describe('Seed of everything that is drawn'),
  viewers: z.int().min(1).max(100_000).default(800).describe('Number of simulated viewers'),
  minimumLength: z.int().min(3).default(12).describe('Fewest films a viewer sees'),
  maximumLength: z.int().min(3).default(120).describe('Most films a viewer sees'),
  medianLength: z
    .number()
    .min(3)
    .default(38)
    .describe('Median number of films (log-normal, cut at both ends)'),
  lengthSpread: z.number().min(0).max(3).default(0.6).describe('Standard deviation of the logarithm of it'),
  popularitySpread: weight
    .default(0.8)
    .describe('Standard deviation of a film’s fame, which all viewers share'),
  seriesFame: weight.default(0.3).describe('Additional fame of the films of a series'),
  genreWeight: weight.default(4).describe('Pull of a favourite genre, and push of a disliked one'),
  favouriteGenres: z.int().min(1).max(10).default(3).describe('Favourite genres of a viewer'),
  dislikedGenres: z.int().min(0).max(10).default(2).describe('Disliked genres of a viewer'),
  eraWeight: weight
    .default(1.5)
    .describe('Loss of appeal with distance from the viewer’s era: half of it one era width away'),
  eraWidth: z.number().min(1).max(200).default(16).describe('Width of an era, in years'),
  peopleWeight: weight.default(1.8).describe('Pull of each favourite director or actor of a film'),
  favouritePeople: z.int().min(0).max(100).default(8).describe('Favourite directors and actors of a viewer'),
  drift: share
    .default(0.7)
    .describe('How far taste has moved towards a second, independent one by the last film'),
  moodWeight: weight.default(1.5).describe('Pull of the genre that a session began with'),
  sessionLength: z.number().min(1).max(50).default(3).describe('Mean number of films in a session'),
  sessionGapDays: z.number().min(0.1).max(365).default(5).describe('Mean days between sessions'),
  nextInSeries: share.default(0.3).describe('Chance that the next film of a series follows, if unseen'),
  samePerson: share
    .default(0.15)
    .describe('Chance that a film by the same director or with the same actor follows'),
  ratingNoise: z.number().min(0).max(5).default(0.7).describe('Standard deviation of a rating, in stars'),
});

export type SampleParameters = z.infer<typeof sampleParametersSchema>;
export const defaultSampleParameters: SampleParameters = sampleParametersSchema.parse({});
