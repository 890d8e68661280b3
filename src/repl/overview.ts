/** What `help` says. */
export const overview = `TypeScript and JavaScript, with the clusters at hand:
  cm                      the clusters; cm? tells what it can do
  cm.runPlugin('PLUGIN', 'CLUSTER')
                          runs a plugin as it is on disk now
  const c = await cm.getCluster('CLUSTER'); c.getNodes()
  name?   name??          documentation and source of anything
  Tab                     completes members, and names in quotes
  !COMMAND                runs on this machine, !!NODE COMMAND on a node, !!CLUSTER COMMAND on all of its nodes
  .ssh NODE               logs in; .help lists the other commands
  Ctrl-C                  ends what runs; .exit or Ctrl-D leaves`
