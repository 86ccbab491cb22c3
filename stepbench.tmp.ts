import { OnnxEngine } from './src/engine/onnx-engine.ts';
import { int32, float32, type NamedHostTensors } from './src/engine/program.ts';
import { sasRec } from './src/recommender/models/sasrec.ts';
import { lossOf } from './src/recommender/losses.ts';
import { adamDefaults, initialMoments, updateInputs } from './src/recommender/optimiser.ts';
import { trainingStep } from './src/recommender/training-step.ts';
import { groupRows, rowGroupInputs } from './src/engine/ops/rows.ts';
import { Random } from './src/shared/random.ts';
const [,,Ls='50',lossName='bpr',dropS='0.2',Ns='10']=process.argv;
const L=+Ls,B=128,V=3501,drop=+dropS;
const model=sasRec({itemCount:V,maxLength:L,hidden:64,layers:2,heads:2,inner:64,dropout:drop,attentionDropout:drop});
const params=model.initialise(new Random(7));
const loss=lossOf({loss:lossName as any,negatives:1,calibration:.75},V);
const engine=new OnnxEngine({provider:'cpu',threads:+(process.env.TH??2),...(process.env.PROF?{profilePrefix:'/tmp/prof'}:{})});
let t=performance.now();
const program=await engine.compile(trainingStep(model,params,loss,adamDefaults));
console.log('compile ms',(performance.now()-t)|0);
const state=await engine.createState({...params,...initialMoments(params)});
const r=new Random(1);
function batch(step:number):NamedHostTensors{
 const items=new Int32Array(B*L),rows:number[]=[],targets:number[]=[],neg:number[]=[];
 for(let b=0;b<B;b++){const n=Math.min(L,Math.max(2,Math.floor(L*(.3+.9*r.uniform()))));
  for(let i=0;i<n;i++){items[b*L+i]=r.int(V);rows.push(b*L+i);targets.push(r.int(V));neg.push(r.int(V));}}
 const codes=items.slice();for(let i=0;i<codes.length;i++)codes[i]=-1;for(const q of rows)codes[q]=items[q]!;
 const tg=performance.now();const g={...rowGroupInputs('items',groupRows(codes)),...rowGroupInputs('scored',groupRows(Int32Array.from(lossName==='cross-entropy'?targets:[...targets,...neg])))};gms=performance.now()-tg;
 return {...g,items:int32(items,[B,L]),positions:int32(Int32Array.from({length:L},(_,i)=>i)),rows:int32(rows),targets:int32(targets),weights:float32(new Float32Array(rows.length).fill(1/rows.length)),negatives:int32(neg,[neg.length,1]),noise_seed:int32([step],[]),...updateInputs(step,1e-3,adamDefaults)};
}
let gms=0;const ts:number[]=[];let last=0;
for(let i=1;i<=+Ns+3;i++){const bb=batch(i);const c=process.cpuUsage();const o=await program.run(state,bb);const d=process.cpuUsage(c);ts.push((d.user+d.system)/1e3);last=o.loss!.data[0]!;}
const s=ts.slice(3).sort((a,b)=>a-b);
console.log('ours L',L,lossName,'drop',drop,'min',s[0]!.toFixed(1),'median',s[s.length>>1]!.toFixed(1),'loss',last.toFixed(4),'group ms',gms.toFixed(2),'rss',(process.memoryUsage().rss/2**20|0));
await program.dispose();
