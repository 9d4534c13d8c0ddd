export { type Job, type JobReport, type JobsOptions, type RunningJobs, runJobs } from './run-jobs.ts';
