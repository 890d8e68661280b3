import { describeDefault, describeType } from '../../../src/core/config/describe.js'
import { SECTION_KINDS, type SectionKind } from '../../../src/core/config/section-kinds.js'

/** docs/configuration.md: the text by hand, the tables from the schema. */
export function configurationPage(): string {
  return [INTRODUCTION, ...SECTION_KINDS.map(sectionTable), ENVIRONMENT].join('\n\n')
}

function sectionTable(kind: SectionKind): string {
  const rows = Object.entries(kind.schema).map(([name, setting]) => {
    const needed = setting.doc.includes('In the local cloud') ? 'required on AWS' : 'required'
    const value = describeDefault(setting)
    const otherwise = setting.required ? needed : value === undefined ? '–' : `\`${value}\``
    return `| \`${name}\` | ${describeType(setting)} | ${otherwise} | ${setting.doc.replaceAll('|', '\\|')} |`
  })
  return [
    `## [${kind.header}]`,
    kind.doc,
    ['| Setting | Type | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n'),
  ].join('\n\n')
}

const INTRODUCTION = `# Configuration

No configuration is needed: without one, \`starcluster start mycluster\` makes a cluster of 2 nodes in the local cloud. A
config file names plugins, templates of clusters and, for AWS, credentials and a region. \`.starclusterrc.example\` has
every setting with an explanation, ready to be copied to \`~/.starclusterrc\`.

## Which file

1. \`-c FILE\`, else \`$STARCLUSTER_CONFIG\`: a path or an http(s) URL. It must exist.
2. \`~/.starclusterrc\`
3. \`~/.starcluster/config\`

The first that exists is read; files named by \`include\` are read after it and count over it. A running shell notices when
any of these files is changed, removed or made.

## Writing and checking it

| Command | What it does |
|---|---|
| \`starcluster config init\` | asks a few questions and writes a config that works, readable by you only; with \`--yes\` and options it asks nothing |
| \`starcluster config check\` | loads everything, plugins too, and reports all problems at once with file and line; exit status 1 when there are errors |
| \`starcluster config show [TEMPLATE]\` | the template as it is understood, and for each value where it comes from: file and line, another template, the environment, a default; no secrets |
| \`starcluster config path\` | which file is used, and why |

\`check\`, \`show\` and \`path\` take \`--json\`.

## Local cloud or AWS

Clusters live in the region \`local\`, on this computer, unless \`-r REGION\` names another region or the config has a section
\`[aws info]\`: then in its \`aws_region_name\`, else in us-east-1. Credentials or a region in the environment alone never
select AWS.

Credentials are \`aws_access_key_id\` and \`aws_secret_access_key\` (with \`aws_session_token\` for temporary ones) of
\`[aws info]\` or of the environment, else \`aws_profile\` of \`~/.aws/config\`, which may use SSO or assume a role, else what
the default chain of the AWS SDK finds. They are never sent to the local cloud.

## Who may reach a cluster, and its disks

- Port 22 is open to your own address only, as AWS sees it when the cluster is started. \`ssh_cidr\` names another range; a
  permission that opens port 22 takes the place of your own address. Nodes in a subnet without public addresses see you at a
  private address: set \`ssh_cidr\` there. A start that opens ssh to everybody says so.
- \`start -x\`, \`restart\` and \`addnode\` make the open ports what the template says by then, and let your address of that day in instead
  of an earlier one: each change is a line. Only rules that StarCluster made (their description begins with \`starcluster: \`) are closed.
  Where the template is gone, what the cluster was started with counts.
- Root volumes are encrypted gp3, as large as the image's; \`root_volume_size\`, \`root_volume_type\` and
  \`root_volume_encrypted\` change that.
- \`tags\` are put on nodes, their volumes and the security group, when they are made.

## Images

\`node_image_id\` and \`master_image_id\` take an AMI id, the name of one of your own images, the name of a distribution
(\`debian-12\`, \`ubuntu-24.04\`, \`al2023\`: the newest image of its publisher for the architecture of the instance type), or
\`resolve:ssm:PARAMETER\`, which EC2 looks up. In the local cloud there are the images that \`starcluster local image list\` shows.

Stock images let in a user of their own (\`ubuntu\`, \`admin\`, \`ec2-user\`), not root, whom plugins work as. StarCluster asks cloud-init to
let root in; where root is refused all the same, it logs in once as that user and opens root's login with sudo: the cluster's key in
root's \`authorized_keys\`, and \`PermitRootLogin prohibit-password\` for sshd. The user is the one that the image names when root
is refused, else one of these three; \`image_user\` (\`start --image-user NAME\`, \`addnode --image-user NAME\`) names another. sudo must
ask for no password.

## Where EC2 lacks capacity

A launch that EC2 has no capacity for (\`InsufficientInstanceCapacity\`, \`InsufficientHostCapacity\`, \`SpotMaxPriceTooLow\`, or
a type that a zone does not have) is tried in the next of \`fallback_zones\`, then with the next of
\`fallback_instance_types\`, then, where it was for spot instances, on demand, which may cost more. Only when none of
these has room for all nodes is it tried for \`min_nodes\`, in the same order. Each refusal is told with EC2's reason, and so are
nodes that were left out; \`starcluster addnode\` adds them later. A quota that is used up is no lack of capacity and ends the start.

All nodes of a cluster are in one zone: the group that is launched first chooses it, which is the largest where there are
\`fallback_zones\`. Where the volumes or the subnet are in a zone, no other is tried. A master with a \`master_instance_type\`
keeps it; another one may become of a fallback type as the workers do.

A new node that does not answer on ssh within two fifths of \`start_timeout\` (10 minutes where there is none), while at least as many
others do, is terminated and launched again, once. Where \`min_nodes\` answer, it is left as it is, for later. Each is told with the
reason. Nodes that were stopped are never replaced, however slow they are.

## Spot instances

\`spot_max_price\` (or \`spot_bid\`; \`starcluster start -b PRICE\`) makes the workers spot instances, also those added later: for
at most so much an hour, of one-time requests that end with them. The master is on demand unless \`force_spot_master\` says
otherwise. EC2 may end spot instances at any time, with a notice of two minutes that \`starcluster listclusters\` shows. They
cannot be stopped: \`starcluster stop -t\` removes them and stops the others.

## How long a cluster lives

\`ttl\` (\`starcluster start --ttl 8h\`) is a lifetime, counted from the moment the nodes answer, anew from each \`start -x\`. At its
end every node shuts itself down, the master a minute after the others: also when your computer is off, and without AWS credentials
on the nodes. Everybody who is logged in is warned 30, 10, 5 minutes and one minute before; \`starcluster listclusters\` shows the end,
\`sshmaster\` and \`sshnode\` tell it in the last half hour. \`starcluster ttl TAG 4h\` sets it anew from now, \`off\` lifts it. An added
node ends with the others; a restart changes nothing. A node that boots near its end, or after it, runs on for half an hour (ten
minutes after a mere reboot), time enough to give it a new one. Nodes count the time that they run; what their clock says
ends nothing early. \`starcluster-ttl left\` on a node prints the seconds that it has. An instance that \`removenode -k\`
keeps no longer ends with its cluster.

With \`ttl_action = stop\` the disks stay and \`starcluster start -x\` resumes the cluster; stopped disks cost money. Spot
instances cannot be stopped: they end for good. With \`ttl_action = terminate\` all nodes end for good with their disks; any
shutdown from inside does that then. The empty security group stays, and tells that the cluster ended; \`starcluster terminate\`
removes it.

\`protected = true\` refuses \`terminate\` and \`removenode\`, and asks EC2 to refuse them too, whoever asks (spot instances cannot
have that). \`starcluster protect TAG\` does it to a running cluster, \`starcluster protect --off TAG\` lifts it.

## Not followed yet

\`queue\` and \`disable_cloudinit\` are read and checked; a start says that they are without effect. So are, in \`[aws info]\`,
endpoints other than AWS's and proxies.

## How it is written

\`\`\`ini
[plugin pkginstaller]
setup_class = ubuntu.PackageInstaller
pkg_to_install = htop

[cluster smallcluster]
cluster_size = 3
plugins = pkginstaller
\`\`\`

- \`name = value\` or \`name: value\`. Names of settings do not depend on case, names of sections do.
- A line that begins with \`#\` or \`;\` is a comment. At the end of a line a comment needs a blank before it: \`a#b\` is a value.
- A line indented more than the setting above it continues its value.
- Lists are separated by commas or lines. \`plugins =\` is the empty list.
- \`%(name)s\` stands for the value of another setting of the same section, or of a section \`[DEFAULT]\`. In the settings of a
  plugin it stands for itself.
- In paths \`~\` and \`$NAME\` are replaced.
- A section that appears again adds to the first; of a setting that appears again the last counts.
- \`extends\` takes from another template what this one does not set, whole settings at a time: lists are not joined.
- Times are \`90s\`, \`20m\`, \`8h\` or \`2d\`; a number alone is seconds. Tags are \`key=value\` pairs separated by commas.
- \`node_instance_type = c5.xlarge:2, t3.large\`: the first two workers are c5.xlarge, all others t3.large.
- A setting or section that does not exist is reported with the nearest name that does, and ignored. A template with a
  mistake fails when it is used; the others work. Config files of the original StarCluster load unchanged.`

const ENVIRONMENT = `## Environment

| Variable | Meaning |
|---|---|
| \`STARCLUSTER_CONFIG\` | config file when \`-c\` names none |
| \`STARCLUSTER_PLUGIN_PATH\` | more folders with plugins, separated by colons |
| \`STARCLUSTER_LOCAL_ENGINE\`, \`STARCLUSTER_CONTAINER_IMAGE\` | what machines of the local cloud are made with; local-cloud.md |
| \`AWS_ACCESS_KEY_ID\`, \`AWS_SECRET_ACCESS_KEY\`, ... | each setting of \`[aws info]\` by its name in capitals; counts over the file, and only when the file has that section |
| \`NO_COLOR\` | no colours on the terminal |
`
