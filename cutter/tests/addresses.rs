//! Addresses against real source: what the book may want to quote, and every
//! function of the kube crates.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use cutter::{
    Function, RustFile,
    crates::{Crates, Files},
};

fn crates() -> Crates {
    Crates::load(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))).unwrap()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| match path.is_dir() {
        true => rust_files(&path),
        false => vec![path],
    });
    files.filter(|path| path.extension().is_some_and(|e| e == "rs")).collect()
}

/// A cut from its first word of Rust, without comments and attributes.
fn after_attributes(text: &str) -> &str {
    let mut rest = text;
    loop {
        let mut open = 0;
        let end = match rest {
            comment if comment.starts_with("//") => comment.find('\n'),
            attribute if attribute.starts_with("#[") => attribute.find(|c| {
                open += i32::from(c == '[') - i32::from(c == ']');
                c == ']' && open == 0
            }),
            _ => return rest,
        };
        rest = rest[end.unwrap() + 1..].trim_start();
    }
}

/// What is wrong with a function's path, if anything.
fn round_trip(file: &RustFile, function: &Function) -> Option<String> {
    let path = &function.path;
    match file.cut(path) {
        Ok(cut) if (cut.pieces[0].first_line, cut.pieces[0].last_line) == (function.first_line, function.last_line) => {
            None
        }
        Ok(cut) => Some(format!("`{path}` gives line {}, not {}", cut.pieces[0].first_line, function.first_line)),
        Err(fault) if fault.ambiguous => {
            let unresolved = fault.candidates.iter().find(|candidate| file.cut(candidate).is_err())?;
            Some(format!("`{path}` could be `{unresolved}`, which is no address"))
        }
        Err(fault) => Some(format!("`{path}`: {fault}")),
    }
}

#[test]
fn everything_the_fact_sheets_want_to_quote_is_cut_by_its_address() {
    let crates = crates();
    let files = Files::default();
    let mut wrong = Vec::new();
    let mut rows = 0;
    let mut file = None;
    for line in QUOTABLE.lines().skip(1) {
        let Some((address, begins)) = line.trim_start().split_once("  ~  ") else {
            let (package, path) = line.split_once(' ').unwrap();
            file = Some(files.rust(&crates.get(package).unwrap().root.join(path)).unwrap());
            continue;
        };
        rows += 1;
        match file.as_ref().unwrap().cut(address) {
            Ok(cut) if after_attributes(&cut.text()).starts_with(begins) => {}
            Ok(cut) => wrong.push(format!("{address}: begins with {}", after_attributes(&cut.text()))),
            Err(fault) => {
                wrong.push(format!("{address}: {fault} at {:?}: {:?}", &address[fault.span.clone()], fault.candidates))
            }
        }
    }
    assert!(rows > 300, "only {rows} rows were read");
    assert!(wrong.is_empty(), "{} rows fail:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_function_of_the_kube_crates_is_cut_by_its_path() {
    let crates = crates();
    let files = Files::default();
    let mut wrong = Vec::new();
    let mut functions = 0;
    for name in ["kube", "kube-client", "kube-core", "kube-derive", "kube-runtime"] {
        for path in rust_files(&crates.get(name).unwrap().root.join("src")) {
            let file = files.rust(&path).unwrap();
            for function in file.functions() {
                functions += 1;
                let fault = round_trip(&file, &function);
                wrong.extend(fault.map(|fault| format!("{}: {fault}", path.display())));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(functions > 900, "only {functions} functions: is this all of kube?");
}

#[test]
fn what_an_ambiguous_part_could_be_is_an_address_of_it() {
    let crates = crates();
    let files = Files::default();
    let mut candidates = 0;
    for path in ["src/watcher.rs", "src/finalizer.rs", "src/controller/mod.rs", "src/reflector/store.rs"] {
        let file = files.rust(&crates.get("kube-runtime").unwrap().root.join(path)).unwrap();
        for item in file.functions().map(|function| function.path).filter(|path| !path.starts_with("tests")) {
            for part in ["let", "if", "match", "Some", "None", "."] {
                let Some(fault) = file.cut(&format!("{item} + {part}")).err().filter(|fault| fault.ambiguous) else {
                    continue;
                };
                let mut seen = BTreeSet::new();
                for candidate in &fault.candidates {
                    candidates += 1;
                    let cut = file.cut(candidate).unwrap_or_else(|fault| panic!("{candidate}: {fault}"));
                    assert!(seen.insert((cut.pieces[0].first_line, cut.text())), "{candidate} is listed twice");
                }
            }
        }
    }
    assert!(candidates > 150, "only {candidates} candidates");
}

/// What the fact sheets suggest to quote: package and file, then addresses and how the cut begins.
const QUOTABLE: &str = r#"
kube-client src/client/mod.rs
    Client  ~  pub struct Client {
    Client, Client::new  ~  pub struct Client {
    Client + default_ns  ~  default_ns: String,
    Client::new  ~  pub fn new
    Client::new from let service = to Self  ~  let service
    Client::new + Buffer::new  ~  Buffer::new(
    Client::send  ~  pub async fn send
    Client::connect  ~  pub async fn connect
    Client::request  ~  pub async fn request<T>
    Client::request_text  ~  pub async fn request_text
    Client::request_status  ~  pub async fn request_status
    Client::request_events  ~  pub async fn request_events
    Client::request_events from request.headers_mut() to let res = handle_api_errors  ~  request
    Client::request_events + let chunk_eof  ~  let chunk_eof
    Client::request_events + std::io::ErrorKind::UnexpectedEof =>  ~  std::io::ErrorKind::UnexpectedEof => {
    error_chain_contains_unexpected_eof  ~  fn error_chain_contains_unexpected_eof
    handle_api_errors  ~  async fn handle_api_errors
    handle_api_errors + if status.is_client_error()  ~  if status.is_client_error()
    impl TryFrom<Config> for Client  ~  impl TryFrom<Config> for Client {
    <Client as TryFrom<Config>>::try_from  ~  fn try_from
kube-client src/client/builder.rs
    ClientBuilder::with_layer  ~  pub fn with_layer
    GenericService  ~  pub type GenericService
    impl TryFrom<(Config, E)> for ClientBuilder  ~  impl<E> TryFrom<(Config, E)> for ClientBuilder<GenericService>
    make_generic_builder  ~  fn make_generic_builder
    make_generic_builder + fn make_generic_builder  ~  fn make_generic_builder
    make_generic_builder + let service  ~  let service = ServiceBuilder::new()
    make_generic_builder + .option_layer(config.default_retry  ~  .option_layer(config.default_retry
    make_generic_builder from .option_layer(config.default_retry to .layer(config.extra_headers_layer  ~  .option_layer(config.default_retry
    make_generic_builder + .layer(TraceLayer  ~  .layer(
    make_generic_builder + .make_span_with(  ~  .make_span_with(
    make_generic_builder from connector.set_connect_timeout to connector.set_reset_reader_on_write  ~  connector.set_connect_timeout
    make_generic_builder + #[cfg(feature = "gzip")]  ~  let stack
kube-client src/client/retry.rs
    RetryPolicy  ~  pub struct RetryPolicy
    RetryPolicy::server_retry  ~  pub fn server_retry
    RetryPolicy::is_retryable_status  ~  fn is_retryable_status
    impl Policy for RetryPolicy  ~  impl<Res> Policy<
    RetryPolicy::retry  ~  fn retry(
    RetryPolicy::retry + if self.server_aware  ~  if self.server_aware
    RetryPolicy::clone_request  ~  fn clone_request
    impl Default for RetryPolicy  ~  impl Default for RetryPolicy
kube-client src/client/body.rs
    Body  ~  pub struct Body
    Kind  ~  enum Kind {
    Kind::Once  ~  Once(
    Body::try_clone  ~  pub fn try_clone
kube-client src/client/config_ext.rs
    ConfigExt  ~  pub trait ConfigExt
    <Config as ConfigExt>::auth_layer  ~  fn auth_layer
    <Config as ConfigExt>::extra_headers_layer  ~  fn extra_headers_layer
    <Config as ConfigExt>::rustls_client_config  ~  fn rustls_client_config
    Config::exec_identity_pem  ~  pub(crate) fn exec_identity_pem
    impersonate_extra_header_name  ~  fn impersonate_extra_header_name
kube-client src/client/middleware/base_uri.rs
    set_base_uri  ~  fn set_base_uri
kube-client src/client/middleware/mod.rs
    AuthLayer  ~  pub struct AuthLayer
    impl Layer for AuthLayer  ~  impl<S> Layer<S> for AuthLayer
kube-client src/client/auth/mod.rs
    Auth  ~  pub(crate) enum Auth
    TokenFile  ~  pub struct TokenFile
    TokenFile::is_expiring  ~  fn is_expiring
    TEN_SEC, SIXTY_SEC  ~  pub const TEN_SEC
    RefreshableToken  ~  pub enum RefreshableToken
    impl AsyncPredicate for RefreshableToken  ~  impl
    RefreshableToken::to_header  ~  async fn to_header
    impl TryFrom<&AuthInfo> for Auth  ~  impl TryFrom<&AuthInfo> for Auth
    auth_exec  ~  fn auth_exec
    #[cfg(feature = "oidc")] token_from_oidc_provider  ~  fn token_from_oidc_provider
kube-client src/client/tls.rs
    rustls_client_config  ~  pub fn rustls_client_config
    ReloadingVerifier  ~  pub(crate) struct ReloadingVerifier
    ReloadingVerifier::current  ~  fn current
kube-client src/config/mod.rs
    Config  ~  pub struct Config
    Config from pub connect_timeout to pub reset_reader_on_write  ~  pub connect_timeout
    Config + pub default_retry  ~  pub default_retry: bool,
    Config::new  ~  pub fn new
    Config::infer  ~  pub async fn infer
    Config::incluster_with_uri  ~  fn incluster_with_uri
    Config::new_from_loader  ~  fn new_from_loader
    Config::apply_debug_overrides  ~  pub fn apply_debug_overrides
    DEFAULT_CONNECT_TIMEOUT, DEFAULT_WRITE_TIMEOUT  ~  const DEFAULT_CONNECT_TIMEOUT
kube-client src/config/file_loader.rs
    ConfigLoader::load_from_kubeconfig  ~  fn load_from_kubeconfig
    ConfigLoader::proxy_url  ~  pub fn proxy_url
kube-client src/config/no_proxy.rs
    NoProxy  ~  pub enum NoProxy
    Host::matches  ~  fn matches
kube-client src/config/file_config.rs
    Kubeconfig  ~  pub struct Kubeconfig
    Kubeconfig::read  ~  pub fn read
    Kubeconfig::read, Kubeconfig::from_env, Kubeconfig::merge  ~  pub fn read
kube-client src/api/mod.rs
    Api  ~  pub struct Api
    Api::all_with  ~  pub fn all_with
    Api::namespaced_with  ~  pub fn namespaced_with
    Api::dynamic  ~  pub fn dynamic
    Api::constrain  ~  pub fn constrain
    Api::namespaced  ~  pub fn namespaced(
    impl<K: Resource> Api<K> where <K as Resource>::DynamicType: Default  ~  impl<K: Resource> Api<K>
kube-client src/api/core_methods.rs
    Api::get_with  ~  pub async fn get_with
    Api::get_opt  ~  pub async fn get_opt
    Api::list  ~  pub async fn list
    Api::watch  ~  pub async fn watch
    Api::patch  ~  pub async fn patch
    Api::patch_metadata  ~  pub async fn patch_metadata
    impl Api  ~  impl<K> Api<K>
kube-client src/api/entry.rs
    OccupiedEntry::commit  ~  pub async fn commit
kube-client src/api/remote_command.rs
    AttachedProcess  ~  pub struct AttachedProcess
kube-client src/api/subresource.rs
    Api::patch_status  ~  pub async fn patch_status
    Api::replace_status  ~  pub async fn replace_status
kube-client src/error.rs
    Error  ~  pub enum Error
    Error::Api  ~  Api(#[source] Box
kube-client src/discovery/mod.rs
    Discovery  ~  pub struct Discovery
    Discovery::run  ~  pub async fn run
    Discovery::resolve_object  ~  pub fn resolve_object
kube-client src/discovery/apigroup.rs
    ApiGroup::query_apis  ~  pub(crate) async fn query_apis
kube-client src/discovery/oneshot.rs
    pinned_kind  ~  pub async fn pinned_kind
kube-client src/lib.rs
    cfg_client  ~  macro_rules! cfg_client
    api  ~  pub mod api;
kube-core src/resource.rs
    NamespaceScope  ~  pub trait NamespaceScope
    Resource  ~  pub trait Resource {
    Resource::url_path  ~  fn url_path
    Resource::metadata_api  ~  fn metadata_api
    Resource::controller_owner_ref, Resource::owner_ref  ~  fn controller_owner_ref
    impl Resource for K  ~  impl<K, S> Resource for K
    ResourceExt  ~  pub trait ResourceExt: Resource
    <K as ResourceExt>::managed_fields_mut  ~  fn managed_fields_mut
kube-core src/request.rs
    Request  ~  pub struct Request
    Request::list  ~  pub fn list
    Request::watch  ~  pub fn watch
    Request::patch  ~  pub fn patch<
    Request::patch_subresource  ~  pub fn patch_subresource
    validate_name  ~  fn validate_name
    JSON_METADATA_MIME, JSON_METADATA_LIST_MIME  ~  pub(crate) const JSON_METADATA_MIME
kube-core src/params.rs
    ListParams::populate_qp  ~  pub(crate) fn populate_qp
    ListParams::populate_qp + if let Some(continue_token)  ~  if let Some(continue_token)
    ListParams::populate_qp + else if let Some(rv)  ~  else if let Some(rv)
    WatchParams::validate, WatchParams::populate_qp  ~  pub(crate) fn validate
    Patch  ~  pub enum Patch
    Patch::content_type, Patch::serialize  ~  pub(crate) fn content_type
    PatchParams::validate, PatchParams::populate_qp  ~  pub(crate) fn validate
    ValidationDirective  ~  pub enum ValidationDirective
kube-core src/response.rs
    Status  ~  pub struct Status
    Status::reason_or_code  ~  fn reason_or_code
    reason::is_known  ~  pub fn is_known
    reason::KNOWN_REASONS  ~  const KNOWN_REASONS
kube-core src/watch.rs
    WatchEvent  ~  pub enum WatchEvent
    WatchEvent::Bookmark  ~  Bookmark(
    Bookmark  ~  pub struct Bookmark
kube-core src/metadata.rs
    PartialObjectMeta  ~  pub struct PartialObjectMeta
    impl Resource for PartialObjectMeta  ~  impl<K: Resource> Resource for PartialObjectMeta<K>
    <ObjectMeta as PartialObjectMetaExt>::into_request_partial  ~  fn into_request_partial
kube-core src/dynamic.rs
    DynamicObject  ~  pub struct DynamicObject
    DynamicObject::try_parse  ~  pub fn try_parse
kube-core src/object.rs
    Object  ~  pub struct Object
    Object + pub status  ~  pub status: Option<U>,
kube-core src/discovery/mod.rs
    ApiResource  ~  pub struct ApiResource
    Scope  ~  pub enum Scope
    to_plural  ~  fn to_plural
kube-core src/error_boundary.rs
    DeserializeGuard  ~  pub struct DeserializeGuard
kube-core src/schema.rs
    impl Transform for StructuralSchemaRewriter  ~  impl Transform for StructuralSchemaRewriter
    impl Transform for OptionalEnum  ~  impl Transform for OptionalEnum
    impl Transform for OptionalIntOrString  ~  impl Transform for OptionalIntOrString
    hoist_subschema_enum_values  ~  fn hoist_subschema_enum_values
    hoist_subschema_properties  ~  fn hoist_subschema_properties
kube-core src/cel/mod.rs
    Rule  ~  pub struct Rule
    validate  ~  pub fn validate
    validate_property  ~  pub fn validate_property
    merge_strategy_property  ~  pub fn merge_strategy_property
    validate_cel, validate_cel_update  ~  pub fn validate_cel
kube-core src/crd.rs
    CustomResourceExt  ~  pub trait CustomResourceExt
    MergeError  ~  pub enum MergeError
    merge_crds  ~  pub fn merge_crds
kube-derive src/custom_resource/mod.rs
    derive  ~  pub(crate) fn derive
    derive + let impl_serialize  ~  let impl_serialize
    derive + let root_obj  ~  let root_obj
    derive + let schemagen  ~  let schemagen
    derive + let impl_crd  ~  let impl_crd
    derive + let impl_resource  ~  let impl_resource
    RESERVED_ROOT_FIELDS  ~  const RESERVED_ROOT_FIELDS
    check_flattenable  ~  fn check_flattenable
    to_plural  ~  fn to_plural
kube-derive src/custom_resource/attrs/mod.rs
    KubeAttrs  ~  pub struct KubeAttrs
    Crates  ~  pub struct Crates
    SchemaMode  ~  pub enum SchemaMode
    SchemaMode, SchemaMode::derive, SchemaMode::use_in_crd  ~  pub enum SchemaMode
    KubeRootMeta  ~  pub struct KubeRootMeta
kube-derive src/custom_resource/attrs/printcolumn.rs
    PrintColumn  ~  pub struct PrintColumn
kube-derive src/custom_resource/attrs/scale.rs
    Scale  ~  pub struct Scale
kube-derive src/cel_schema/mod.rs
    derive_validated_schema  ~  pub(crate) fn derive_validated_schema
kube-derive src/resource.rs
    InheritAttrs  ~  struct InheritAttrs
    derive + let inherit_resource  ~  let inherit_resource
kube-runtime src/watcher.rs
    State  ~  enum State
    State::Watching  ~  Watching {
    step_trampolined  ~  async fn step_trampolined
    step_trampolined + State::Empty  ~  State::Empty => match
    step_trampolined + State::InitListed  ~  State::InitListed { resource_version } => {
    step_trampolined + State::InitPage { continue_token, mut objects  ~  State::InitPage {
    step_trampolined + State::InitialWatch + Some(Ok(WatchEvent::Bookmark  ~  Some(Ok(WatchEvent::Bookmark(bm))) => {
    step_trampolined + State::Watching + Some(Ok(WatchEvent::Error  ~  Some(Ok(WatchEvent::Error(err))) => {
    step_trampolined + State::Watching + let new_state  ~  let new_state
    step_trampolined + None => (None, State::InitListed {  ~  None => (None, State::InitListed
    step_trampolined from State::InitialWatch to State::InitListed  ~  State::InitialWatch { mut stream } => {
    step  ~  async fn step<A>
    watcher  ~  pub fn watcher
    watcher_inner  ~  fn watcher_inner
    ApiMode  ~  trait ApiMode
    FullObject, MetaOnly  ~  struct FullObject
    WatchPhase  ~  enum WatchPhase
    Config::to_list_params  ~  fn to_list_params
    Config::to_watch_params  ~  fn to_watch_params
    Config + pub page_size  ~  pub page_size: Option<u32>,
    WATCH_IDLE_TIMEOUT_MARGIN  ~  const WATCH_IDLE_TIMEOUT_MARGIN
    next_with_idle_timeout  ~  async fn next_with_idle_timeout
    Error  ~  pub enum Error
    Event  ~  pub enum Event
    impl Display for Event  ~  impl<K> Display for Event<K>
    ExponentialBackoff  ~  pub struct ExponentialBackoff
    DefaultBackoff, Strategy, impl Default for DefaultBackoff  ~  pub struct DefaultBackoff
    <DefaultBackoff as Default>::default  ~  fn default
    metadata_watcher  ~  pub fn metadata_watcher
    streaming_list_resync  ~  async fn streaming_list_resync
    streaming_list_init  ~  async fn streaming_list_init
    listwatch_paginates_initial_list_before_starting_watch  ~  async fn listwatch_paginates_initial_list_before_starting_watch
    tests::idle_timeout_returns_none_on_dead_connection  ~  async fn idle_timeout_returns_none_on_dead_connection
    stub_watcher  ~  mod stub_watcher;
kube-runtime src/stub_watcher.rs
    TestMode  ~  pub struct TestMode
    TestStream  ~  pub struct TestStream
    Sequence  ~  pub struct Sequence
    SequenceStep  ~  pub enum SequenceStep
kube-runtime src/utils/stream_backoff.rs
    StreamBackoff  ~  pub struct StreamBackoff
    State  ~  enum State
    StreamBackoff::poll_next  ~  fn poll_next
    StreamBackoff::poll_next + Poll::Ready(Some(Err  ~  Poll:
kube-runtime src/utils/backoff_reset_timer.rs
    Backoff  ~  pub trait Backoff
    ResetTimerBackoff  ~  pub struct ResetTimerBackoff
    <ResetTimerBackoff as Iterator>::next  ~  fn next
kube-runtime src/utils/delayed_init.rs
    Initializer  ~  pub struct Initializer
    DelayedInit  ~  pub struct DelayedInit
    ReceiverState  ~  enum ReceiverState
    Get, impl Future for Get  ~  struct Get
kube-runtime src/utils/mod.rs
    SplitCase  ~  pub(crate) struct SplitCase
    trystream_try_via  ~  pub(crate) fn trystream_try_via
    CancelableJoinHandle  ~  pub struct CancelableJoinHandle
    impl Drop for CancelableJoinHandle  ~  impl<T> Drop for CancelableJoinHandle<T>
    OnComplete  ~  pub(crate) struct OnComplete
kube-runtime src/utils/reflect.rs
    Reflect  ~  pub struct Reflect
kube-runtime src/utils/event_decode.rs
    EventDecode  ~  pub struct EventDecode
    EventDecode::poll_next  ~  fn poll_next
kube-runtime src/utils/watch_ext.rs
    WatchStreamExt::predicate_filter  ~  fn predicate_filter
    WatchStreamExt::modify  ~  fn modify
kube-runtime src/utils/predicate.rs
    PredicateCacheKey  ~  struct PredicateCacheKey
    CacheEntry  ~  struct CacheEntry
    Predicate  ~  pub trait Predicate
    Fallback  ~  pub struct Fallback
    Fallback, impl Predicate for Fallback  ~  pub struct Fallback
    Combine  ~  pub struct Combine
    PredicateFilter::poll_next  ~  fn poll_next
    predicates  ~  pub mod predicates
    predicates::generation  ~  pub fn generation
kube-runtime src/reflector/store.rs
    Cache  ~  type Cache<K>
    Writer  ~  pub struct Writer
    Writer::apply_watcher_event  ~  pub fn apply_watcher_event
    Writer::apply_watcher_event from watcher::Event::Init to watcher::Event::InitDone  ~  watcher::Event::Init => {
    Writer::dispatch_event  ~  pub(crate) async fn dispatch_event
    Store  ~  pub struct Store
    Store::get  ~  pub fn get
    Store::wait_until_ready  ~  pub async fn wait_until_ready
kube-runtime src/reflector/dispatcher.rs
    Dispatcher  ~  pub(crate) struct Dispatcher
    ReflectHandle::poll_next  ~  fn poll_next
kube-runtime src/reflector/object_ref.rs
    Lookup  ~  pub trait Lookup
    ObjectRef  ~  pub struct ObjectRef
    ObjectRef, Extra  ~  pub struct ObjectRef
    ObjectRef::from_owner_ref  ~  pub fn from_owner_ref
    ObjectRef::erase  ~  pub fn erase
    impl Display for ObjectRef  ~  impl<K: Lookup> Display for ObjectRef<K>
kube-runtime src/reflector/mod.rs
    reflector  ~  pub fn reflector
kube-runtime src/controller/trigger.rs
    trigger_with, trigger_self  ~  pub fn trigger_with
    trigger_others  ~  pub(crate) fn trigger_others
    trigger_owners  ~  pub fn trigger_owners
kube-runtime src/controller/mod.rs
    Action  ~  pub struct Action
    ReconcileRequest, ReconcileReason  ~  pub struct ReconcileRequest
    applier  ~  pub fn applier
    applier + pub fn applier  ~  pub fn applier
    applier + let reconciler_span  ~  let reconciler_span
    applier + .delay_tasks_until(  ~  .delay_tasks_until(
    RescheduleReconciliation  ~  struct RescheduleReconciliation
    RescheduleReconciliation::new  ~  fn new
    APPLIER_REQUEUE_BUF_SIZE  ~  const APPLIER_REQUEUE_BUF_SIZE
    Controller  ~  pub struct Controller<K>
    Controller from trigger_selector to forceful_shutdown_selector  ~  trigger_selector
    Controller::new_with  ~  pub fn new_with
    Controller::shutdown_on_signal  ~  pub fn shutdown_on_signal
    Controller::run  ~  pub fn run
    Controller::run + pub fn run  ~  pub fn run
    Controller::run + ReconcilerFut::Error  ~  ReconcilerFut::Error: std::error::Error + Send + 'static,
    Controller::run + StreamBackoff::new  ~  StreamBackoff::new
    shutdown_on_signal::shutdown_signal  ~  async fn shutdown_signal
    applier_must_not_deadlock_if_reschedule_buffer_fills  ~  async fn applier_must_not_deadlock_if_reschedule_buffer_fills
kube-runtime src/controller/runner.rs
    Runner  ~  pub struct Runner
    Runner::delay_tasks_until  ~  pub fn delay_tasks_until
    Runner::poll_next  ~  fn poll_next
    Runner::poll_next from if (*this.max_concurrent_executions to match next_msg_poll  ~  if (*this.max_concurrent_executions > 0
    Error  ~  pub enum Error
    runner_should_never_run_two_instances_at_once  ~  async fn runner_should_never_run_two_instances_at_once
    runner_should_wait_for_readiness  ~  async fn runner_should_wait_for_readiness
    runner_should_respect_max_concurrent_executions  ~  async fn runner_should_respect_max_concurrent_executions
kube-runtime src/controller/future_hash_map.rs
    FutureHashMap  ~  pub struct FutureHashMap
kube-runtime src/scheduler.rs
    ScheduledEntry  ~  struct ScheduledEntry
    Scheduler  ~  pub struct Scheduler
    SchedulerProj::schedule_message  ~  fn schedule_message
    SchedulerProj::poll_pop_queue_message  ~  fn poll_pop_queue_message
    Hold  ~  pub struct Hold
    HoldUnless  ~  pub struct HoldUnless
    max_schedule_time  ~  pub(crate) fn max_schedule_time
    scheduler_should_add_debounce_to_a_request  ~  async fn scheduler_should_add_debounce_to_a_request
    scheduler_should_dedup_message_within_debounce_period  ~  async fn scheduler_should_dedup_message_within_debounce_period
kube-runtime src/finalizer.rs
    FinalizerState, FinalizerState::for_object  ~  struct FinalizerState
    finalizer  ~  pub async fn finalizer
    finalizer + match FinalizerState::for_object  ~  match FinalizerState::for_object
    finalizer + FinalizerState { finalizer_index: None, is_deleting: false  ~  FinalizerState {
    finalizer from FinalizerState { finalizer_index: Some(_) to FinalizerState { finalizer_index: Some(finalizer_i)  ~  FinalizerState {
    Error  ~  pub enum Error
    Event  ~  pub enum Event
kube-runtime src/wait.rs
    await_condition  ~  pub async fn await_condition
    conditions::is_crd_established  ~  pub fn is_crd_established
    conditions::is_deployment_completed  ~  pub fn is_deployment_completed
kube-runtime src/events.rs
    Recorder::publish  ~  pub async fn publish
kube-runtime benches/memory.rs
    bench_relist  ~  async fn bench_relist
kube src/lib.rs
    prelude  ~  pub mod prelude
kube src/mock_tests.rs
    watchers_respect_pagination_limits  ~  async fn watchers_respect_pagination_limits
k8s-openapi src/resource.rs
    Resource  ~  pub trait Resource
    ResourceScope, ClusterResourceScope, NamespaceResourceScope, SubResourceScope  ~  pub trait ResourceScope
    Metadata  ~  pub trait Metadata
tower src/buffer/service.rs
    Buffer  ~  pub struct Buffer
    Buffer::call  ~  fn call
tower src/buffer/worker.rs
    Worker::poll  ~  fn poll
    <Worker as Future>::poll  ~  fn poll
    Worker  ~  pub struct Worker
    Worker::poll + match self.service.poll_ready  ~  match self.service.poll_ready(cx) {
hyper-timeout src/lib.rs
    TimeoutConnector::call  ~  fn call
hyper-timeout src/stream.rs
    TimeoutState::poll_check  ~  fn poll_check
    TimeoutState  ~  struct TimeoutState
tower-http src/trace/body.rs
    <ResponseBody as Body>::poll_frame  ~  fn poll_frame
backon src/backoff/exponential.rs
    <ExponentialBackoff as Iterator>::next  ~  fn next
json-patch src/lib.rs
    test  ~  fn test
tokio-util src/time/delay_queue.rs
    DelayQueue::reset_at  ~  pub fn reset_at
rustls src/crypto/mod.rs
    CryptoProvider  ~  pub struct CryptoProvider
schemars@1.2.3 src/transform.rs
    Transform  ~  pub trait Transform
"#;
