// The project's templates as a CDK app: a stack for each, wired as package's plan.json says, the
// zips as assets.
const { readFileSync } = require('fs');
const { App, Stack } = require('aws-cdk-lib');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');
const { CfnRule } = require('aws-cdk-lib/aws-events');
const { Asset } = require('aws-cdk-lib/aws-s3-assets');

const env = { account: '000000000000', region: process.env.AWS_REGION };
const app = new App();
const values = {};

for (const { stack, template, parameters, outputs, code, nested } of JSON.parse(readFileSync('plan.json'))) {
  const holder = new Stack(app, stack, { env });
  for (const [parameter, path] of Object.entries(code)) {
    const asset = new Asset(holder, parameter, { path });
    values[parameter] = asset.s3ObjectKey;
    values.ArtifactBucket = asset.s3BucketName;
  }
  const known = parameters.filter((name) => name in values);
  const included = new CfnInclude(holder, 'Template', {
    templateFile: template,
    parameters: Object.fromEntries(known.map((name) => [name, values[name]])),
    loadNestedStacks: nested,
  });
  // CfnInclude refuses an event pattern that is text, as CloudFormation takes it.
  for (const child of included.node.findAll())
    if (child instanceof CfnRule && typeof child.eventPattern === 'string')
      child.eventPattern = JSON.parse(child.eventPattern);
  for (const name of outputs) values[name] = included.getOutput(name).value;
}
